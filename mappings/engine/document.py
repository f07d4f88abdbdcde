"""What a mapping document says, read into values that know their lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from mappings.data import Data, is_list, is_object
from mappings.engine.located import Node
from mappings.errors import Finding, Mark, Severity
from mappings.suggest import did_you_mean


class Kind(StrEnum):
    """Where an entry takes its value from; the word is the key that says so."""

    FROM = "from"
    NODE = "node"
    VALUE = "value"
    CONTEXT = "context"
    COUNTER = "counter"
    FIRST_OF = "first_of"
    LIST = "list"
    EACH = "each"
    FIELDS = "fields"


class WhenMissing(StrEnum):
    """What is written where there is no value."""

    OMIT = "omit"
    NULL = "null"
    BLANK = "blank"


class _Nothing:
    """No default is not the same as the default null."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()

MODIFIERS: Mapping[str, str] = {
    "when": "A condition; without it, as if the value weren't there. With `each`, it filters the items.",
    "transform": "Transforms, one after the other; with `each` and `list`, for every item.",
    "table": "A code table to look the value up in, after the transforms.",
    "finish": "Transforms of the whole list, with `each` and `list`.",
    "default": "What to take where there is no value; it isn't transformed.",
    "required": "true: no value is an error.",
    "personal": "true: personal data, masked in errors; counts for everything below.",
    "when_missing": "Writing: omit (the usual), null or blank.",
    "one_or_many": "With `each`: true where a partner leaves the list out around one item.",
    "note": "A remark for people.",
}
SOURCES: Mapping[str, str] = {
    "from": "A path in the document that is read; with `fields`, the node that these start from.",
    "node": "XML: a path whose element itself is handed to a registered Python transform.",
    "value": "A constant.",
    "context": "Something that the caller says, declared under `context`; `name`, or a path in it: `name.field`.",
    "counter": "1, 2, 3 … for the items of the `each` around it, from the number given on.",
    "first_of": "Several entries; the first one that has a value counts.",
    "list": "Several entries that make a list; those without a value are left out.",
    "each": "A path to a list; the entry's `fields`, or the item itself, for every item.",
    "fields": "Entries that make an object.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text in the document, and where it stands."""

    text: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A transform as written: its name and its arguments."""

    name: str
    arguments: Node | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """What fills one field. Which of its values mean something depends on its kind."""

    name: str
    mark: Mark
    kind: Kind
    path: Said | None = None
    """Of from, node, each, context, and of fields if these start elsewhere than at the node at hand."""
    from_context: bool = False
    """The path starts at what the caller says, not in the document."""
    value: Data = None
    """Of value: the constant; of counter: the first number."""
    entries: tuple["Entry", ...] = ()
    has_fields: bool = False
    when: Said | None = None
    steps: tuple[StepSpec, ...] = ()
    finish: tuple[StepSpec, ...] = ()
    default: Data = NOTHING
    required: bool = False
    personal: bool = False
    when_missing: WhenMissing = WhenMissing.OMIT
    one_or_many: bool = False


class Findings:
    """Gathers what is wrong with mapping documents, so that all of it can be said at once."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def error(self, mark: Mark, message: str) -> None:
        """Add something that forbids the use of the mapping."""
        self._add(Finding(mark, message))

    def warn(self, mark: Mark, message: str) -> None:
        """Add something that is likely a mistake."""
        self._add(Finding(mark, message, Severity.WARNING))

    def _add(self, finding: Finding) -> None:
        # What is wrong with a base is found again in each of its overlays.
        if finding not in self._found:
            self._found.append(finding)

    @property
    def all(self) -> tuple[Finding, ...]:
        """All findings, in the order of the files and their lines."""
        return tuple(sorted(self._found, key=lambda finding: finding.mark))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid the use of the mapping."""
        return tuple(finding for finding in self.all if finding.severity is Severity.ERROR)


def long_form(node: Node) -> Node:
    """Return an entry as a dict: `path` is `{from: path}`, and `[a, b]` is `{list: [a, b]}`."""
    if is_object(node.value):
        return node
    key = Kind.LIST if is_list(node.value) else Kind.FROM
    return Node({key.value: node}, node.mark, {key.value: node.mark})


class EntryReader:
    """Reads entries; what is wrong goes to the findings, and something harmless takes its place."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def entries(self, node: Node) -> tuple[Entry, ...]:
        """Read the entries of a `fields`."""
        if not is_object(node.value) or not node.value:
            self._findings.error(node.mark, "fields are written as `name: path`, or `name: {…}`")
            return ()
        return tuple(self.entry(name, child, node.key_mark(name)) for name, child in node.value.items())

    def entry(self, name: str, node: Node, mark: Mark) -> Entry:
        """Read one entry in its short or long form."""
        node = long_form(node)
        fields = node.fields
        for key in fields:
            if key not in SOURCES and key not in MODIFIERS:
                known = did_you_mean(key, [*SOURCES, *MODIFIERS])
                self._findings.error(node.key_mark(key), f"an entry has no key {key!r}{known}")
        kind = self._kind(node, mark)
        table = [StepSpec("table", fields["table"], node.key_mark("table"))] if "table" in fields else []
        entry = Entry(
            name, mark, kind,
            path=self._path(kind, node),
            from_context=Kind.CONTEXT.value in fields,
            value=self._value(kind, node),
            entries=self._inner(kind, node),
            has_fields="fields" in fields,
            when=self.text(fields.get("when")),
            steps=(*self.steps(fields.get("transform")), *table),
            finish=self.steps(fields.get("finish")),
            default=fields["default"].plain() if "default" in fields else NOTHING,
            required=self.flag(fields.get("required")),
            personal=self.flag(fields.get("personal")),
            when_missing=self._when_missing(fields.get("when_missing")),
            one_or_many=self.flag(fields.get("one_or_many")),
        )  # fmt: skip
        self._check_sense(entry, node)
        return entry

    def _kind(self, node: Node, mark: Mark) -> Kind:
        found = [kind for kind in Kind if kind.value in node.fields]
        if len(found) > 1 and Kind.FIELDS in found and found[0] in (Kind.FROM, Kind.CONTEXT, Kind.EACH):
            found.remove(Kind.FIELDS)
        if not found:
            self._findings.error(
                mark, f"this entry says nothing about its value: give it one of {', '.join(Kind)}"
            )
            return Kind.FROM
        if len(found) > 1:
            words = " and ".join(kind.value for kind in found)
            self._findings.error(node.key_mark(found[1].value), f"{words} contradict each other: keep one")
        return Kind.FIELDS if found[0] is not Kind.EACH and "fields" in node.fields else found[0]

    def _path(self, kind: Kind, node: Node) -> Said | None:
        keys = (Kind.FROM, Kind.CONTEXT) if kind is Kind.FIELDS else (kind,)
        for key in keys:
            if key in (Kind.FROM, Kind.NODE, Kind.EACH, Kind.CONTEXT) and key.value in node.fields:
                return self.text(node.fields[key.value]) or Said("", node.key_mark(key.value))
        return None

    def _value(self, kind: Kind, node: Node) -> Data:
        if kind is Kind.VALUE and "value" in node.fields:
            return node.fields["value"].plain()
        if kind is Kind.COUNTER:
            start = node.fields["counter"]
            if isinstance(start.value, int) and not isinstance(start.value, bool):
                return start.value
            self._findings.error(start.mark, "`counter` is the first number, such as 1")
            return 1
        return None

    def _inner(self, kind: Kind, node: Node) -> tuple[Entry, ...]:
        if kind in (Kind.FIRST_OF, Kind.LIST):
            several = node.fields[kind.value]
            if not several.items:
                self._findings.error(several.mark, f"`{kind.value}` has a list of entries")
            return tuple(self.entry(f"[{i}]", child, child.mark) for i, child in enumerate(several.items))
        return self.entries(node.fields["fields"]) if "fields" in node.fields else ()

    def _when_missing(self, node: Node | None) -> WhenMissing:
        if node is None:
            return WhenMissing.OMIT
        word = "null" if node.value is None else str(node.value)
        try:
            return WhenMissing(word)
        except ValueError:
            self._findings.error(
                node.mark, f"`when_missing` is omit, null or blank{did_you_mean(word, WhenMissing)}"
            )
            return WhenMissing.OMIT

    def steps(self, node: Node | None) -> tuple[StepSpec, ...]:
        """Read transforms: one, or a list of them; each a name, or `name: arguments`."""
        if node is None or node.value is None:
            return ()
        found: list[StepSpec] = []
        for step in node.items if is_list(node.value) else [node]:
            if isinstance(step.value, str):
                found.append(StepSpec(step.value, None, step.mark))
            elif is_object(step.value) and len(step.value) == 1:
                ((name, arguments),) = step.value.items()
                found.append(StepSpec(name, arguments, step.key_mark(name)))
            else:
                self._findings.error(step.mark, "a transform is a name, or one `name: arguments`")
        return tuple(found)

    def text(self, node: Node | None) -> Said | None:
        """Read a text that isn't empty."""
        if node is None:
            return None
        if isinstance(node.value, str) and node.value.strip():
            return Said(node.value, node.mark)
        # YAML takes a bare 0 or 1 for a number; as a path it can only be meant as it is written.
        if isinstance(node.value, int | Decimal) and not isinstance(node.value, bool):
            return Said(str(node.value), node.mark)
        self._findings.error(node.mark, "a text is expected here")
        return None

    def texts(self, node: Node | None) -> tuple[Said, ...]:
        """Read a list of texts."""
        if node is None:
            return ()
        if not is_list(node.value):
            self._findings.error(node.mark, "a list of names is expected here")
        return tuple(said for item in node.items if (said := self.text(item)) is not None)

    def flag(self, node: Node | None) -> bool:
        """Read true or false."""
        if node is None:
            return False
        if not isinstance(node.value, bool):
            self._findings.error(node.mark, "true or false is expected here")
        return node.value is True

    def _check_sense(self, entry: Entry, node: Node) -> None:
        """Say which keys can never have an effect together."""
        several = entry.kind in (Kind.EACH, Kind.LIST)
        useless = {
            "finish": None if several else "`finish` is for `each` and `list`; use `transform`",
            "one_or_many": None if entry.kind is Kind.EACH else "`one_or_many` is for `each`",
            "required": "a constant is always there" if entry.kind is Kind.VALUE else None,
            "default": "a constant is always there" if entry.kind is Kind.VALUE else None,
            "transform": "a constant can be written as it shall be" if entry.kind is Kind.VALUE else None,
        }
        for key, reason in useless.items():
            if reason is not None and key in node.fields:
                self._findings.error(node.key_mark(key), f"this has no effect: {reason}")
        if entry.required and entry.default is not NOTHING:
            self._findings.error(
                node.key_mark("required"), "this has no effect: with a default, a value is always there"
            )
        if entry.kind is Kind.FIRST_OF:
            self._check_reachable(entry)

    def _check_reachable(self, entry: Entry) -> None:
        for inner, after in zip(entry.entries, entry.entries[1:], strict=False):
            if (inner.kind is Kind.VALUE or inner.default is not NOTHING) and inner.when is None:
                self._findings.error(after.mark, "this is never reached: the entry before always has a value")
                return
