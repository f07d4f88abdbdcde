"""Trees of dict, list and scalars to XML text, in their order."""

import re
from collections.abc import Mapping

from mappings.data import Data, is_list, is_object, is_sequence
from mappings.errors import ErrorCode, MappingError
from mappings.syntax.base import codec_of, refuse
from mappings.syntax.trees import scalar_text

ATTRIBUTE = "@"
TEXT = "#text"

NAME = re.compile(r"(?:([A-Za-z_][\w.-]*):)?[^\W\d][\w.-]*")
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\r\n\t]')
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"},
)


def write_xml(
    tree: object,
    namespaces: Mapping[str, str],
    encoding: str = "utf-8",
    *,
    declaration: bool = True,
    doctype: str | None = None,
) -> bytes:
    """Return the document of `tree`, a dict with one key: the root element."""
    if not is_object(tree) or len(tree) != 1:
        raise _cannot("a document has one root element")
    ((name, content),) = tree.items()
    if is_list(content) and len(content) != 1:
        raise _cannot("a document has one root element")
    declared = "".join(
        f' xmlns{":" if prefix else ""}{prefix}="{_escaped(uri, _IN_ATTRIBUTE)}"'
        for prefix, uri in namespaces.items()
    )
    out: list[str] = [f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n'] if declaration else []
    out += [doctype, "\n"] if doctype else []
    try:
        _Writer(namespaces, out).element(name, content, declared)
    except RecursionError:
        raise _cannot("the tree is nested too deep") from None
    text = "".join(out)
    if _FORBIDDEN.search(text):
        raise _cannot("a text holds a control character, which XML can't carry")
    return text.encode(codec_of(encoding), errors="xmlcharrefreplace")


class _Writer:
    """Appends pieces of text to `out`; names are checked once each."""

    def __init__(self, namespaces: Mapping[str, str], out: list[str]) -> None:
        self._namespaces, self._out = namespaces, out
        self._checked: set[str] = set()

    def element(self, name: str, content: Data, declared: str = "") -> None:
        """Append an element; a list repeats it."""
        if is_sequence(content):
            for item in content:
                self.element(name, item, declared)
            return
        self._check(name)
        if is_object(content):
            self._with_content(name, content, declared)
        elif content is None or content == "":
            self._out.append(f"<{name}{declared}/>")
        else:
            self._out.append(f"<{name}{declared}>{_escaped(self._text(name, content), _IN_TEXT)}</{name}>")

    def _with_content(self, name: str, content: dict[str, Data], declared: str) -> None:
        self._out.append(f"<{name}{declared}")
        start = len(self._out)
        for key, value in content.items():
            if key[0:1] == ATTRIBUTE:
                self._check(key[1:])
                text = "" if value is None else self._text(key, value)
                self._out.insert(start, f' {key[1:]}="{_escaped(text, _IN_ATTRIBUTE)}"')
                start += 1
            elif key == TEXT:
                self._out.append("" if value is None else _escaped(self._text(name, value), _IN_TEXT))
            else:
                self.element(key, value)
        if len(self._out) == start:
            self._out.append("/>")
        else:
            self._out.insert(start, ">")
            self._out.append(f"</{name}>")

    def _text(self, name: str, value: object) -> str:
        if value.__class__ is str:
            return str(value)
        try:
            return scalar_text(value)
        except TypeError as error:
            raise _cannot(f"{name}: {error}") from None

    def _check(self, name: str) -> None:
        if name in self._checked:
            return
        match = NAME.fullmatch(name)
        if match is None:
            raise _cannot(f"{name[:60]!r} is not a name of XML")
        if match[1] is not None and match[1] not in self._namespaces and match[1] != "xml":
            raise _cannot(
                f"the prefix of {name!r} has no namespace: declare it under `syntax: {{namespaces: …}}`"
            )
        self._checked.add(name)


def _escaped(text: str, characters: dict[int, str]) -> str:
    """Most texts hold nothing special, and finding that out is cheaper than translating them."""
    return text if _SPECIAL.search(text) is None else text.translate(characters)


def _cannot(reason: str) -> MappingError:
    return refuse(f"this can't be written as XML: {reason}", code=ErrorCode.TARGET)
