"""XML 1.0 with namespaces, hardened: no DTD is read, no entity expanded, nothing fetched."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from lxml import etree
from pydantic import Field, field_validator

from mappings.errors import ErrorCode, MappingError, MappingErrors, Position
from mappings.syntax.base import (
    SyntaxOptions,
    check_mark,
    check_size,
    codec_of,
    decode,
    position_of,
    refuse,
    split_bom,
)
from mappings.syntax.xml_places import Element, XmlWire
from mappings.syntax.xml_schemas import XmlSchemas, compiled
from mappings.syntax.xml_writing import write_xml

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^\[<>\"']*)*>")
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*|")


class XmlOptions(SyntaxOptions):
    """How a partner writes XML."""

    namespaces: dict[str, str] = {}
    """Prefixes that the mapping's paths use, and their namespaces. The empty prefix is the default namespace of a
    document that is written; paths that read always use a prefix, as XPath wants it."""
    encoding: str | None = None
    """Reading: the encoding of a partner whose documents declare none, or a wrong one. Writing: UTF-8 if not said."""
    allow_doctype: bool = False
    """Take a document with a DOCTYPE that only names a DTD (cXML has one); that DTD is not fetched."""
    doctype: str | None = Field(default=None, pattern=r"^<!DOCTYPE [^\[\]<>]*>$")
    """Written after the declaration."""
    declaration: bool = True
    """Begin with `<?xml …?>`."""
    schema_file: str | None = Field(default=None, min_length=1, max_length=500)
    """The file of an XML Schema (`.xsd`) or DTD (`.dtd`) that every document read or written must follow: its path
    within the folders of mapping documents, or where else the caller keeps schemas."""

    @field_validator("namespaces")
    @classmethod
    def _prefixes_are_names(cls, namespaces: dict[str, str]) -> dict[str, str]:
        for prefix, uri in namespaces.items():
            if not _PREFIX.fullmatch(prefix) or prefix.lower().startswith("xml") or not uri:
                raise ValueError(f"{prefix!r} can't be a prefix, or its namespace is empty")
        return namespaces

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            codec_of(encoding)
        return encoding


class XmlSyntax:
    """XML text → lxml element, and dict → XML text.

    Written trees are dicts: `@name` is an attribute, `#text` the text beside attributes, a list repeats its
    element, anything else is a child; there is one root.
    """

    paths: Literal["xpath"] = "xpath"

    def __init__(self, options: XmlOptions | None = None, schemas: XmlSchemas | None = None) -> None:
        """`schemas` are those that options may name; ValueError for one that isn't there, or can't be used."""
        self._options = options or XmlOptions()
        self._schema = compiled(self._options.schema_file, schemas)
        self.prefixes: Mapping[str, str] = self._options.namespaces
        self._parser, self._parser_of_written = _hardened("utf-8"), _hardened(None)
        self._too_deep = etree.XPath("boolean(" + "/*" * (self._options.max_depth + 1) + ")")

    def read(self, raw: bytes) -> XmlWire:
        """Return the parsed document."""
        check_size(raw, self._options)
        named, body = split_bom(raw)
        codec = self._codec(named, body)
        text = decode(body, codec)
        self._check_doctype(text)
        start = text.lstrip()
        try:
            root = etree.fromstring(start.encode(), self._parser)
        except etree.XMLSyntaxError as error:
            raise _broken(error, text, start) from None
        if self._too_deep(root):
            reason = f"elements are nested deeper than {self._options.max_depth} levels"
            raise refuse(reason, Position(line=root.sourceline), ErrorCode.LIMIT)
        if self._options.allow_doctype:
            _check_entities(root)
        wire = XmlWire(root, start, skipped_lines=text.count("\n", 0, len(text) - len(start)))
        if self._schema is not None and (problems := self._schema.problems(wire)):
            raise MappingErrors(problems)
        return wire

    def _codec(self, named: str | None, body: bytes) -> str:
        """Return the codec that mark, mapping and declaration agree on; they must not contradict each other."""
        if self._options.encoding is not None:
            codec = codec_of(self._options.encoding)
            check_mark(named, codec, self._options.encoding)
            return named or codec
        if named is None and body[:2] == b"<\0":
            named = "utf-16-le"
        elif named is None and body[:2] == b"\0<":
            named = "utf-16-be"
        match = _DECLARED.match(body)
        if match is None:
            return named or "utf-8"
        declared = match[1].decode()
        try:
            codec = codec_of(declared)
        except ValueError as error:
            raise refuse(f"the document declares the encoding {error}", Position(line=1)) from None
        disagree = named is not None and not named.startswith(codec) and not codec.startswith(named)
        if disagree or (named is None and codec.startswith("utf-16")):
            reason = f"the document declares the encoding {declared}, but its bytes are {named or 'not'}"
            advice = "say `syntax: {encoding: …}` if the partner always does so"
            raise refuse(f"{reason}; {advice}", Position(line=1))
        return codec

    def _check_doctype(self, text: str) -> None:
        """Refuse a DTD, and even its name where the mapping doesn't expect one: entity bombs start there."""
        prolog = _PROLOG.match(text)
        start = prolog.end() if prolog else 0
        if not text.startswith("<!DOCTYPE", start):
            return
        if not self._options.allow_doctype:
            reason = "the document has a DOCTYPE, which is not read"
            advice = "say `syntax: {allow_doctype: true}` if it only names a DTD, as in cXML"
            raise refuse(f"{reason}; {advice}", position_of(text, start))
        if not _DOCTYPE.match(text, start):
            raise refuse("the DOCTYPE declares entities, which are never taken", position_of(text, start))

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        """Return the text of a tree with one root."""
        raw = write_xml(
            tree, self._options.namespaces, self._options.encoding or "utf-8",
            declaration=self._options.declaration, doctype=self._options.doctype,
        )  # fmt: skip
        if self._schema is not None:
            wire = XmlWire(etree.fromstring(raw, self._parser_of_written), "")
            if problems := self._schema.problems(wire):
                raise MappingErrors(replace(one, code=ErrorCode.TARGET, position=None) for one in problems)
        return raw


def _hardened(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding, resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, recover=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _check_entities(root: Element) -> None:
    """Refuse a reference to an entity: its DTD isn't read, so its text would be lost without a word."""
    for entity in root.iter(etree.Entity):
        reason = f"the entity {entity.text} is not known without its DTD"
        raise refuse(reason, Position(line=entity.sourceline))


def _broken(error: etree.XMLSyntaxError, text: str, start: str) -> MappingError:
    line, column = error.position
    skipped = text.count("\n", 0, len(text) - len(start))
    message = (error.msg or "no element found").partition(", line ")[0]
    reason = f"this is not well-formed XML: {message[:200]}"
    if start[:1] in ("{", "["):
        reason += "; it looks like JSON"
    code = ErrorCode.LIMIT if "limit" in message or "depth" in message else ErrorCode.SYNTAX
    return refuse(reason, Position(line=max(line, 1) + skipped, column=max(column, 1)), code)
