"""XML Schemas and DTDs that documents are held against: partners' own, and those of OASIS, GS1 and cXML.

None of them comes with the hub: whoever has them drops them in. Nothing is fetched: what a schema imports is a file
beside it, or an error that names it.
"""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import PurePosixPath
from posixpath import normpath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lxml import etree

from mappings.data import Data
from mappings.errors import ErrorCode, Problem
from mappings.syntax.base import MEGABYTE
from mappings.syntax.xml_places import Element, XmlPlace, XmlWire

MOST_FILES = 300
MOST_BYTES = 32 * MEGABYTE
"""Of a schema with all that it imports: UBL 2.1 has 3 MB."""
MOST_PROBLEMS = 100

_BASE = "schemas"
_NAMESPACE = re.compile(r"\{[^{}']*\}")
_VALUES = (
    (re.compile(r"The value '.*'(?= (?:is|has|does|must) )", re.DOTALL), "The value"),
    (
        re.compile(r"(?<=: )'.*'(?= is not (?:a valid value|accepted|an element of the set))", re.DOTALL),
        "The value",
    ),
    (re.compile(r'Value ".*"(?= for attribute)', re.DOTALL), "The value"),
)
"""What libxml2 repeats of the document. It may be personal, and the place says where to look."""
_EXTERNAL_ENTITY = re.compile(rb"<!ENTITY\s+(?:%\s+)?\S+\s+(?:SYSTEM|PUBLIC)\s")

ReadFile = Callable[[str], bytes | None]
"""Returns the file of a relative path with slashes, or None where there is none."""


class _Entry(NamedTuple):
    message: str
    path: str | None
    line: int


class XmlSchema:
    """A compiled schema, for one thread at a time: what was found last is kept in it for a moment."""

    def __init__(self, schema: "etree.XMLSchema | etree.DTD", name: str) -> None:
        self._schema, self.name = schema, name

    def problems(self, wire: XmlWire) -> tuple[Problem, ...]:
        """Return what of a document is not as the schema says, up to a hundred things, without its values."""
        root: Element = wire.root
        if self._schema.validate(root):
            return ()
        entries = [_Entry(e.message, e.path, e.line) for e in list(self._schema.error_log)[:MOST_PROBLEMS]]
        return tuple(self._problem(entry, root, wire) for entry in entries)

    def _problem(self, entry: _Entry, root: Element, wire: XmlWire) -> Problem:
        place = XmlPlace(_element_at(entry, root))
        return Problem(
            f"{_readable(entry.message)} ({self.name})", ErrorCode.VALUE, source=wire.name(place),
            position=wire.position(place),
        )  # fmt: skip


class XmlSchemas:
    """The schemas at hand, compiled once each."""

    def __init__(self, read: ReadFile) -> None:
        self._read = read
        self._compiled: dict[str, XmlSchema] = {}

    def schema(self, name: str) -> XmlSchema:
        """Return the schema in the file `name`; raise ValueError for one that is not there, or can't be used."""
        if name not in self._compiled:
            raw = self._read(name)
            if raw is None:
                where = "below a folder of mapping documents, or in the folder given"
                raise ValueError(f"there is no schema {name!r}: its file is looked for {where}")
            compile_ = _compile_dtd if name.lower().endswith(".dtd") else self._compile_xsd
            self._compiled[name] = XmlSchema(compile_(name, raw), name)
        return self._compiled[name]

    def _compile_xsd(self, name: str, raw: bytes) -> "etree.XMLSchema":
        files = _Files(name, raw, self._read)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        parser.resolvers.add(files)
        try:
            root = etree.fromstring(raw, parser, base_url=f"{_BASE}:///{name}")
            schema = etree.XMLSchema(root)
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
            reason = files.refusal or _readable(str(error))
            raise ValueError(f"the schema {name} can't be used: {reason}") from None
        if files.refusal is not None:
            raise ValueError(f"the schema {name} can't be used: {files.refusal}")
        return schema


class _Files(etree.Resolver):
    """Gives a schema what it imports, from beside it, and nothing from anywhere else."""

    def __init__(self, name: str, raw: bytes, read: ReadFile) -> None:
        super().__init__()
        self._folder, self._read = PurePosixPath(name).parent, read
        self._files, self._bytes = 1, len(raw)
        self.refusal: str | None = None
        """Why it was not given all that it asked for."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Data) -> Data:
        """Return the file that a schema asks for."""
        name = self._name(system_url or "")
        raw = self._read(name)
        self._files, self._bytes = self._files + 1, self._bytes + len(raw or b"")
        if raw is None:
            self.refusal = (
                self.refusal or f"it imports {system_url}; nothing is fetched, so save that as {name}"
            )
        elif self._files > MOST_FILES or self._bytes > MOST_BYTES:
            self.refusal = f"it imports more than {MOST_FILES} files, or {MOST_BYTES // MEGABYTE} MB"
        if raw is None or self.refusal is not None:
            return self.resolve_empty(context)
        return self.resolve_string(raw, context, base_url=f"{_BASE}:///{name}")

    def _name(self, url: str) -> str:
        """Return the file that a URL stands for: what lies at a web address is looked for beside the schema."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        if parts.scheme in (_BASE, ""):
            return normpath(path.lstrip("/"))
        return str(self._folder / PurePosixPath(path).name)


def compiled(name: str | None, schemas: XmlSchemas | None) -> XmlSchema | None:
    """Return the schema that options name, if they do; raise ValueError where there is none of that name."""
    if name is None:
        return None
    if schemas is None:
        raise ValueError(f"the schema {name!r} is named, and no schemas are at hand here")
    return schemas.schema(name)


def _compile_dtd(name: str, raw: bytes) -> "etree.DTD":
    if _EXTERNAL_ENTITY.search(raw):
        raise ValueError(f"the DTD {name} can't be used: it names other files, and nothing is fetched")
    try:
        return etree.DTD(BytesIO(raw))
    except etree.DTDParseError as error:
        raise ValueError(f"the DTD {name} can't be used: {error}") from None


def _element_at(entry: _Entry, root: Element) -> Element:
    """Return the element that is wrong: by the path that the library gives, else the first of that line."""
    if entry.path is not None:
        namespaces = {
            prefix: uri
            for element in root.iter(etree.Element)
            for prefix, uri in element.nsmap.items()
            if prefix
        }
        try:
            found = root.getroottree().xpath(entry.path, namespaces=namespaces)
        except etree.XPathError:
            found = None
        if isinstance(found, list) and found and isinstance(found[0], Element):
            return found[0]
    return next((element for element in root.iter(etree.Element) if element.sourceline == entry.line), root)


def _readable(message: str) -> str:
    for pattern, instead in _VALUES:
        message = pattern.sub(instead, message)
    return _NAMESPACE.sub("", message)[:500]
