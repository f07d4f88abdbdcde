"""Code tables: closed, with a source, looked up in either direction."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mappings.data import Data, is_object
from mappings.engine.findings import Findings
from mappings.engine.located import Node
from mappings.engine.transforms.base import scalar_of
from mappings.errors import ErrorCode, Mark, Refusal
from mappings.suggest import did_you_mean

_KEYS = ("source", "codes", "ignore_case", "write_as", "note")


@dataclass(frozen=True, slots=True)
class CodeTable:
    """A partner's codes and the hub's words for them. null says that a code is known and means nothing."""

    name: str
    source: str
    mark: Mark
    codes: Mapping[str, Data]
    ignore_case: bool = False
    back: Mapping[str, str] = field(default_factory=dict[str, str])
    """The partner's code for each of the hub's words."""
    ambiguous: frozenset[str] = frozenset()
    """Words that several codes stand for, of which none is named under `write_as`."""

    def look_up(self, value: Data) -> Data:
        """Return the hub's word for a partner's code."""
        code = value if value.__class__ is str else scalar_of(value)
        if self.ignore_case:
            code = code.upper()
        try:
            return self.codes[code]
        except KeyError:
            near = did_you_mean(code, self.codes)
            advice = "ask the partner what it means, then add it to the table"
            raise Refusal(
                f"the code table {self.name} has no such code{near} ({advice})", ErrorCode.TABLE
            ) from None

    def look_back(self, value: Data) -> str:
        """Return the partner's code for one of the hub's words."""
        word = scalar_of(value)
        try:
            return self.back[word]
        except KeyError:
            near = did_you_mean(word, self.back)
            raise Refusal(f"the code table {self.name} has no code for this{near}", ErrorCode.TABLE) from None


def read_tables(node: Node | None, findings: Findings) -> dict[str, CodeTable]:
    """Read the tables of a document or a library."""
    if node is None:
        return {}
    if not is_object(node.value):
        findings.error(node.mark, "tables are written as `name: {source: …, codes: {…}}`")
    return {
        name: _read_table(name, child, node.key_mark(name), findings) for name, child in node.fields.items()
    }


def _read_table(name: str, node: Node, mark: Mark, findings: Findings) -> CodeTable:
    for key in node.fields:
        if key not in _KEYS:
            findings.error(node.key_mark(key), f"a code table has no key {key!r}{did_you_mean(key, _KEYS)}")
    source = node.fields.get("source")
    if source is None or not isinstance(source.value, str) or not source.value.strip():
        findings.error(
            mark, f"the code table {name} needs a `source`: where its codes are from, and as of when"
        )
    codes_node = node.fields.get("codes")
    if codes_node is None or not is_object(codes_node.value) or not codes_node.value:
        findings.error(mark, f"the code table {name} needs `codes`, written as `code: word`")
    ignore_case = "ignore_case" in node.fields and node.fields["ignore_case"].value is True
    codes: dict[str, Data] = {}
    for code, word in codes_node.fields.items() if codes_node else ():
        if isinstance(word.value, dict | list):
            findings.error(word.mark, "a code stands for a single word")
            continue
        key = code.upper() if ignore_case else code
        if key in codes:
            findings.error(word.mark, f"the code {code!r} is there in another case already")
        codes[key] = word.plain()
    back, ambiguous = _read_back(codes, node.fields.get("write_as"), findings)
    said = str(source.value) if source is not None else ""
    return CodeTable(name, said, mark, codes, ignore_case, back, ambiguous)


def _read_back(
    codes: dict[str, Data], write_as: Node | None, findings: Findings,
) -> tuple[dict[str, str], frozenset[str]]:  # fmt: skip
    back: dict[str, str] = {}
    ambiguous: set[str] = set()
    for code, word in codes.items():
        if word is None:
            continue
        key = scalar_of(word)
        if key in back:
            ambiguous.add(key)
        else:
            back[key] = code
    for word, code_node in write_as.fields.items() if write_as else ():
        code = str(code_node.value)
        if scalar_of(codes.get(code, "")) != word:
            findings.error(code_node.mark, f"the code {code!r} doesn't stand for {word!r} in this table")
        back[word] = code
        ambiguous.discard(word)
    return back, frozenset(ambiguous)
