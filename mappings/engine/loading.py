"""A mapping's file: what it says at the top, checked key by key."""

from collections.abc import Mapping
from dataclasses import dataclass

from mappings.engine.document import Entry, Said, StepSpec
from mappings.engine.entry_reader import EntryReader
from mappings.engine.findings import Findings
from mappings.engine.located import Node
from mappings.engine.tables import CodeTable, read_tables
from mappings.errors import Mark
from mappings.suggest import did_you_mean

KEYS: Mapping[str, str] = {
    "mapping": "The mapping's name.",
    "version": "Its version, counted up by whoever changes it.",
    "note": "What it is for, and where the partner's format is described.",
    "reads": "The syntax of the documents that it reads: json, xml, delimited, fixed_width.",
    "writes": "The syntax of the documents that it writes.",
    "target": "The canonical model that it reads into.",
    "source": "The canonical model that it writes from.",
    "syntax": "Options of the syntax.",
    "documents": "A path to the list of canonical documents in a wire document; several paths: lists within lists.",
    "blank": "`missing` (the usual): an empty text is no value; `keep`: it is one.",
    "context": "What the caller says beside the document: names for the key `context` of entries.",
    "python": "The registered Python transforms that it uses.",
    "use": "Libraries whose code tables it uses.",
    "tables": "Its own code tables.",
    "fields": "The entries.",
    "finish": "Transforms of the whole, before it becomes a model or a text.",
    "tests": "Pairs of files, `input` and `expected`, that its tests run.",
}
LIBRARY_KEYS = ("library", "note", "tables")


@dataclass(frozen=True, slots=True)
class Case:
    """A pair of files that a mapping's test runs; the engine itself reads no files."""

    input: str
    expected: str
    context: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MappingDocument:
    """What a mapping's file says."""

    name: str
    mark: Mark
    version: str
    reads: bool
    syntax: Said
    options: Node | None
    model: Said
    documents: tuple[Said, ...]
    keep_blank: bool
    context: tuple[Said, ...]
    python: tuple[Said, ...]
    use: tuple[Said, ...]
    tables: Mapping[str, CodeTable]
    entries: tuple[Entry, ...]
    finish: tuple[StepSpec, ...]
    cases: tuple[Case, ...]


def read_document(root: Node, findings: Findings) -> MappingDocument:
    """Return what a file says; everything that is wrong with it goes to the findings."""
    reader = EntryReader(findings)
    fields = root.fields
    for key in fields:
        if key not in KEYS:
            findings.error(root.key_mark(key), f"a mapping has no key {key!r}{did_you_mean(key, KEYS)}")
    reads = "reads" in fields
    if reads == ("writes" in fields):
        findings.error(
            root.mark, "a mapping has either `reads` or `writes`, and after it the name of a syntax"
        )
    wrong, right = ("source", "target") if reads else ("target", "source")
    if wrong in fields:
        findings.error(
            root.key_mark(wrong), f"a mapping that {'reads' if reads else 'writes'} has a `{right}`"
        )
    if not reads and "documents" in fields:
        findings.error(root.key_mark("documents"), "`documents` is for mappings that read")
    name = _needed(root, "mapping", reader, findings)
    return MappingDocument(
        name.text, name.mark, _needed(root, "version", reader, findings).text, reads,
        syntax=_needed(root, "reads" if reads else "writes", reader, findings),
        options=fields.get("syntax"),
        model=_needed(root, right, reader, findings),
        documents=reader.one_or_more(fields.get("documents")),
        keep_blank=_blank(fields.get("blank"), findings),
        context=reader.texts(fields.get("context")),
        python=reader.texts(fields.get("python")),
        use=reader.texts(fields.get("use")),
        tables=read_tables(fields.get("tables"), findings),
        entries=reader.entries(fields["fields"]) if "fields" in fields else _no_fields(root, findings),
        finish=reader.steps(fields.get("finish")),
        cases=_cases(fields.get("tests"), findings),
    )  # fmt: skip


def read_library(root: Node, findings: Findings) -> Mapping[str, CodeTable]:
    """Return the code tables of a library."""
    for key in root.fields:
        if key not in LIBRARY_KEYS:
            known = did_you_mean(key, LIBRARY_KEYS)
            findings.error(root.key_mark(key), f"a library has no key {key!r}{known}")
    return read_tables(root.fields.get("tables"), findings)


def _needed(root: Node, key: str, reader: EntryReader, findings: Findings) -> Said:
    if key not in root.fields:
        findings.error(root.mark, f"the key `{key}` is missing: {KEYS[key]}")
    return reader.text(root.fields.get(key)) or Said("", root.key_mark(key))


def _no_fields(root: Node, findings: Findings) -> tuple[Entry, ...]:
    findings.error(root.mark, "the key `fields` is missing: without entries nothing is translated")
    return ()


def _blank(node: Node | None, findings: Findings) -> bool:
    if node is not None and node.value not in ("missing", "keep"):
        findings.error(node.mark, "`blank` is missing or keep")
    return node is not None and node.value == "keep"


def _cases(node: Node | None, findings: Findings) -> tuple[Case, ...]:
    found: list[Case] = []
    for item in node.items if node else ():
        plain, keys = item.plain(), set(item.fields)
        if not {"input", "expected"} <= keys <= {"input", "expected", "context"}:
            findings.error(
                item.mark, "a test is written as `{input: file, expected: file}`, with a `context` if need be"
            )
            continue
        found.append(Case(str(plain["input"]), str(plain["expected"]), plain.get("context") or {}))
    return tuple(found)
