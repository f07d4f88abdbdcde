"""Entries, read from a document in their short or long form."""

from decimal import Decimal

from mappings.data import Data, is_list, is_object
from mappings.engine.document import MODIFIERS, NOTHING, SOURCES, Entry, Kind, Said, StepSpec, WhenMissing
from mappings.engine.findings import Findings
from mappings.engine.located import Node
from mappings.errors import Mark
from mappings.suggest import did_you_mean


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
            within=self.text(fields.get("within")),
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

    def one_or_more(self, node: Node | None) -> tuple[Said, ...]:
        """Read a text, or a list of texts."""
        if node is None or is_list(node.value):
            return self.texts(node)
        said = self.text(node)
        return () if said is None else (said,)

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
            "within": None if entry.kind is Kind.EACH else "`within` is for `each`",
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
