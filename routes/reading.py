"""Reading `workflow.yaml`: every name is checked, and every problem is told with its line and column."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from canonical.events import EVENT_BY_NAME, Event
from canonical.statuses import OrderType
from routes.rules import Rule
from routes.tree import Entries, Items, Node, NotYamlError, Text, parse


@dataclass(frozen=True, slots=True)
class WorkflowProblem:
    """One thing wrong: where (both count from 1), what, and what was likely meant."""

    file: str
    line: int
    column: int
    reason: str
    suggestion: str | None = None

    def __str__(self) -> str:
        meant = f"; did you mean {self.suggestion!r}?" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.reason}{meant}"


class WorkflowError(ValueError):
    """A workflow can't be used: all its problems, in the order of their lines."""

    def __init__(self, problems: Sequence[WorkflowProblem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda problem: (problem.line, problem.column)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Bindings:
    """What a workflow file says."""

    types: dict[OrderType, dict[type[Event], tuple[Rule, ...]]] = field(
        default_factory=dict[OrderType, dict[type[Event], tuple[Rule, ...]]]
    )
    channels: dict[tuple[str, OrderType], dict[type[Event], tuple[Rule, ...]]] = field(
        default_factory=dict[tuple[str, OrderType], dict[type[Event], tuple[Rule, ...]]]
    )


def read(text: str, rules: Sequence[Rule], file: str) -> tuple[Bindings, list[WorkflowProblem]]:
    """Return what the file binds, and everything that is wrong with it."""
    reader = _Reader(rules, file)
    try:
        root = parse(text)
    except NotYamlError as error:
        reason = f"this is not YAML: {error.reason}"
        return Bindings(), [WorkflowProblem(file, error.line, error.column, reason)]
    if root is None:
        return Bindings(), [WorkflowProblem(file, 1, 1, "the workflow is empty: it needs `types`")]
    return reader.read(root), reader.problems


_PARTS = ("sequences", "types", "channels")
_CHANGES = ("first", "last", "without")


class _Reader:
    def __init__(self, rules: Sequence[Rule], file: str) -> None:
        self.problems: list[WorkflowProblem] = []
        self._rules: Mapping[str, Rule] = {rule.__name__: rule for rule in rules}
        self._file = file
        self._sequences: dict[str, list[Rule]] = {}
        self._used: set[str] = set()
        self._called: set[str] = set()

    def read(self, root: Node) -> Bindings:
        bindings = Bindings()
        parts = {key.value: (key, value) for key, value in self._entries(root, "the workflow")}
        for key, _ in parts.values():
            if key.value not in _PARTS:
                self._unknown(key, "a workflow has no", _PARTS)
        if "sequences" in parts:
            self._read_sequences(parts["sequences"][1])
        if "types" not in parts:
            self._problem(root, "`types` is missing: it binds events to rules for each type of order")
            return bindings
        types, node = parts["types"]
        for name, value in self._entries(node, "`types`"):
            order_type = self._order_type(name)
            if order_type is not None:
                bindings.types[order_type] = self._answers(value)
        self._missing_types(types, bindings)
        if "channels" in parts:
            self._read_channels(parts["channels"][1], bindings)
        self._unreachable(types)
        if "sequences" in parts:
            self._uncalled(parts["sequences"][1])
        return bindings

    def _missing_types(self, key: Node, bindings: Bindings) -> None:
        # What a channel sends itself is recorded, whatever else a workflow wants of it.
        bindings.types.setdefault(OrderType.CHANNEL_FULFILLED, {})
        for order_type in OrderType:
            if order_type not in bindings.types:
                self._problem(key, f"no rules are bound for orders of type {order_type.value!r}")

    def _unreachable(self, key: Node) -> None:
        for name in self._rules:
            if name not in self._used:
                self._problem(key, f"the rule {name!r} is bound to no event: it can never run")

    def _uncalled(self, node: Node) -> None:
        for name, _ in self._entries(node, "`sequences`"):
            if name.value not in self._called:
                self._problem(name, f"the sequence {name.value!r} is used nowhere")

    def _read_sequences(self, node: Node) -> None:
        for name, value in self._entries(node, "`sequences`"):
            if name.value in self._rules:
                self._problem(name, f"a rule is called {name.value!r} too: call the sequence something else")
            self._sequences[name.value] = [rule for rule, _ in self._items(value)]

    def _read_channels(self, node: Node, bindings: Bindings) -> None:
        for channel, types in self._entries(node, "`channels`"):
            for name, value in self._entries(types, f"channel {channel.value!r}"):
                order_type = self._order_type(name)
                if order_type is not None:
                    base = bindings.types.get(order_type, {})
                    bindings.channels[channel.value, order_type] = self._answers(value, base)

    def _answers(
        self,
        node: Node,
        base: Mapping[type[Event], tuple[Rule, ...]] | None = None,
    ) -> dict[type[Event], tuple[Rule, ...]]:
        answers: dict[type[Event], tuple[Rule, ...]] = {}
        for name, value in self._entries(node, "an order type"):
            event = EVENT_BY_NAME.get(name.value)
            if event is None:
                self._unknown(name, "there is no event", EVENT_BY_NAME)
                event = Event
            changes = base is not None and isinstance(value, Entries)
            before = (base or {}).get(event, ())
            answers[event] = self._changed(value, event, before) if changes else self._list(value, event)
        answers.pop(Event, None)
        return answers

    def _changed(self, node: Node, event: type[Event], before: tuple[Rule, ...]) -> tuple[Rule, ...]:
        parts: dict[str, tuple[Rule, ...]] = {}
        for key, value in self._entries(node, "a change of an event's rules"):
            if key.value not in _CHANGES:
                self._unknown(key, "a change of an event's rules has no", _CHANGES)
                continue
            parts[key.value] = self._list(value, event)
            gone = parts[key.value] if key.value == "without" else ()
            for rule in (rule for rule in gone if rule not in before):
                self._problem(value, f"{rule.__name__!r} is not bound to {event.__name__} anyway")
        kept = tuple(rule for rule in before if rule not in parts.get("without", ()))
        added = (*parts.get("first", ()), *parts.get("last", ()))
        for rule in added:
            if rule in kept or added.count(rule) > 1:
                self._problem(node, f"the rule {rule.__name__!r} is bound twice to {event.__name__}")
        return (*parts.get("first", ()), *kept, *parts.get("last", ()))

    def _list(self, node: Node, event: type[Event]) -> tuple[Rule, ...]:
        found: list[Rule] = []
        for rule, item in self._items(node):
            self._used.add(rule.__name__)
            if event is not Event and not rule.understands(event):
                wanted = ", ".join(sorted(known.__name__ for known in rule.events))
                self._problem(
                    item, f"the rule {rule.__name__!r} answers to {wanted}, not to {event.__name__}"
                )
            if rule in found:
                self._problem(item, f"the rule {rule.__name__!r} is bound twice to {event.__name__}")
            else:
                found.append(rule)
        return tuple(found)

    def _items(self, node: Node) -> list[tuple[Rule, Node]]:
        """Return the rules that a list names, sequences written out, each with the place of its name."""
        if not isinstance(node, Items):
            self._problem(node, "here belongs a list of rules")
            return []
        found: list[tuple[Rule, Node]] = []
        for item in node.values:
            if not isinstance(item, Text) or not item.value:
                self._problem(item, "here belongs the name of a rule or a sequence")
            elif item.value in self._rules:
                found.append((self._rules[item.value], item))
            elif item.value in self._sequences:
                self._called.add(item.value)
                found.extend((rule, item) for rule in self._sequences[item.value])
            else:
                self._unknown(item, "there is no rule or sequence", [*self._rules, *self._sequences])
        return found

    def _order_type(self, name: Text) -> OrderType | None:
        known = [order_type.value for order_type in OrderType]
        if name.value in known:
            return OrderType(name.value)
        self._unknown(name, "there is no order type", known)
        return None

    def _entries(self, node: Node, what: str) -> Iterator[tuple[Text, Node]]:
        """Return the named parts of a mapping; a name that is not a text, or comes twice, is a problem."""
        if not isinstance(node, Entries):
            self._problem(node, f"{what} is written as `name: value`")
            return
        seen: set[str] = set()
        for key, value in node.values:
            if not isinstance(key, Text):
                self._problem(key, f"a name in {what} is a plain text")
            elif key.value in seen:
                self._problem(key, f"{key.value!r} comes twice in {what}")
            else:
                seen.add(key.value)
                yield key, value

    def _unknown(self, node: Text, what: str, known: Iterable[str]) -> None:
        close = get_close_matches(node.value, list(known), n=1)
        self._problem(node, f"{what} {node.value!r}", close[0] if close else None)

    def _problem(self, node: Node, reason: str, suggestion: str | None = None) -> None:
        self.problems.append(WorkflowProblem(self._file, node.line, node.column, reason, suggestion))
