"""The slow way: the same values as the fast one, and with each its place, its line, and everything that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mappings.data import Data, is_list
from mappings.engine.document import Kind
from mappings.engine.paths import Getter, Path, PathLanguage
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import Step
from mappings.errors import ErrorCode, Position, Problem, Refusal, shown
from mappings.syntax.base import Wire
from mappings.syntax.trees import TreePlace, tree_name

MOST_PROBLEMS = 100
"""More of them tell nobody anything new, and each costs time to locate."""


class _Bad:
    """Equal to nothing but itself."""


BAD: Data = _Bad()
"""In place of a value that a problem was found with."""


@dataclass(frozen=True, slots=True)
class Record:
    """What filled one field, or should have."""

    target: TreePlace
    plan: Plan
    scope: Scope
    value: Data
    personal: bool


class Trace:
    """One document, translated step by step."""

    def __init__(self, wire: Wire, language: PathLanguage, *, reads: bool) -> None:
        self._wire, self._reads = wire, reads
        self._itself = language.path(language.itself).get
        self.problems: list[Problem] = []
        self.records: dict[TreePlace, Record] = {}
        self.bad: set[TreePlace] = set()

    def object(
        self, plans: Sequence[Plan], scope: Scope, target: TreePlace, *, always: bool, personal: bool,
    ) -> Data:  # fmt: skip
        """Return the object that `plans` build at a node, as `build.object_of` does."""
        out: dict[str, Data] = {}
        found = not any(plan.local for plan in plans) or always
        missing: list[Plan] = []
        for plan in plans:
            value = self.value(plan, scope, (*target, plan.name), personal=personal)
            if value is None:
                missing += [plan] if plan.entry.required else []
                if plan.filler is not None:
                    out[plan.name] = self._filled(plan.filler[0], (*target, plan.name))
                continue
            found = found or plan.local
            if value is not BAD:
                out[plan.name] = value
        if not found:
            return None
        for plan in missing:
            self._is_missing(plan, scope, (*target, plan.name), personal=personal)
        return out

    def value(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        """Return the value of one entry, without its default; None where there is none, BAD where it is wrong."""
        personal = personal or plan.entry.personal
        value: Data = None
        try:
            if plan.when is None or plan.entry.kind is Kind.EACH or plan.when.get(scope.node, scope):
                value = self._base(plan, scope, target, personal=personal)
        except Refusal as refusal:
            value = self._refused(refusal, Record(target, plan, scope, None, personal))
        if plan.entry.kind in (Kind.EACH, Kind.LIST):
            if plan.finish and is_list(value) and any(item is BAD for item in value):
                value = BAD
            value = self._after(plan.finish, value, Record(target, plan, scope, value, personal))
        else:
            value = self._after(plan.steps, value, Record(target, plan, scope, value, personal))
        # Of several that could fill a field, the one that did says where its value came from.
        chosen = self.records.get(target) if plan.entry.kind is Kind.FIRST_OF else None
        filled_by = chosen.plan if chosen is not None and chosen.value is not None else plan
        self.records[target] = Record(target, filled_by, scope, None if value is BAD else value, personal)
        return value

    def _base(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        inner = {
            Kind.FIRST_OF: self._first,
            Kind.LIST: self._list,
            Kind.EACH: self._each,
            Kind.FIELDS: self._fields,
        }
        if (find := inner.get(plan.entry.kind)) is not None:
            return find(plan, scope, target, personal=personal)
        if plan.entry.kind in (Kind.COUNTER, Kind.VALUE):
            return plan.base(scope.node, scope)
        return plan.path.get(scope.node, scope) if plan.path is not None else None

    def _fields(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        inner = self._within(plan, scope)
        if inner is None:
            return None
        return self.object(plan.children, inner, target, always=False, personal=personal)

    def _within(self, plan: Plan, scope: Scope) -> Scope | None:
        if plan.path is None:
            return scope
        node = plan.path.go(scope.node, scope)
        return None if node is None else Scope(node, scope, scope.number, plan.path.place(scope))

    def _first(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        for child in plan.children:
            value = self._supply(child, scope, target, personal=personal)
            if value is not None:
                return value
        return None

    def _list(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        found: list[Data] = []
        for child in plan.children:
            place = (*target, len(found))
            value = self._supply(child, scope, place, personal=personal)
            value = self._after(plan.steps, value, Record(place, child, scope, value, personal))
            found += [] if value is None else [value]
        return found or None

    def _supply(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        value = self.value(plan, scope, target, personal=personal)
        if value is None and plan.entry.required:
            self._is_missing(plan, scope, target, personal=personal)
            return BAD
        if value is None and plan.filler is not None:
            return self._filled(plan.filler[0], target)
        return value

    def _filled(self, value: Data, target: TreePlace) -> Data:
        """Note that a default stands in for a value."""
        self.records[target] = replace(self.records[target], value=value)
        return value

    def _each(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        items = _items_of(plan, scope)
        if items is None:
            return None
        found: list[Data] = []
        for one in items:
            inner = Scope(one.node, one.parent, len(found), one.place)
            value = self._item(plan, inner, (*target, len(found)), personal=personal)
            found += [] if value is None else [value]
        return found if found or self._reads else None

    def _item(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> Data:
        value: Data = None
        record = Record(target, plan, scope, scope.node, personal)
        try:
            if plan.when is not None and not plan.when.get(scope.node, scope):
                return None
            if plan.entry.has_fields:
                value = self.object(plan.children, scope, target, always=True, personal=personal)
            else:
                value = self._itself(scope.node, scope)
        except Refusal as refusal:
            value = self._refused(refusal, record)
        record = Record(target, plan, scope, value, personal)
        self.records.setdefault(target, record)
        return self._after(plan.steps, value, record)

    def _after(self, steps: Sequence[Step], value: Data, record: Record) -> Data:
        for step in steps:
            if value is None or value is BAD:
                return value
            before = value
            try:
                value = step.run(value, record.scope.node, record.scope)
            except Refusal as refusal:
                record = Record(record.target, record.plan, record.scope, before, record.personal)
                return self._refused(refusal, record, step)
        return value

    def _is_missing(self, plan: Plan, scope: Scope, target: TreePlace, *, personal: bool) -> None:
        self._refused(
            Refusal("there is no value here, and the mapping requires one", ErrorCode.MISSING),
            Record(target, plan, scope, None, personal),
        )

    def _refused(self, refusal: Refusal, record: Record, step: Step | None = None) -> Data:
        self.bad.add(record.target)
        reason = f"{step.name}: {refusal.reason}" if step is not None else refusal.reason
        self.add(record, reason, refusal.code, step)
        return BAD

    def add(self, record: Record, reason: str, code: ErrorCode, step: Step | None = None) -> None:
        """Add a problem with what filled a field."""
        if len(self.problems) >= MOST_PROBLEMS:
            return
        source, position = self.located(record)
        has_value = record.value is not None and record.value is not BAD
        if record.personal and has_value and str(record.value):
            reason = reason.replace(str(record.value), "…")
        self.problems.append(
            Problem(
                reason,
                code,
                step.mark if step is not None else record.plan.entry.mark,
                source,
                position,
                tree_name(record.target),
                shown(record.value, personal=record.personal) if has_value else None,
            ),
        )

    def located(self, record: Record) -> tuple[str | None, Position | None]:
        """Return the path in the wire document that a field was filled from, and where that is."""
        entry, path = record.plan.entry, record.plan.path
        if entry.kind is Kind.FIRST_OF and (chosen := self.records.get(record.target)) not in (None, record):
            return self.located(chosen)
        is_item = entry.kind is Kind.EACH and record.target and isinstance(record.target[-1], int)
        if path is not None and not (is_item and record.scope.place is not None):
            return path.locate(record.scope, self._wire)
        if entry.kind is Kind.VALUE:
            return None, None
        place = record.scope.place
        return self._wire.name(place), self._wire.position(place)


def _items_of(plan: Plan, scope: Scope) -> list[Scope] | None:
    """Return the items of an `each`; with `within`, of all the lists in that list's items."""
    path = plan.path
    if path is None:
        return None
    many = path.items(one_or_many=plan.entry.one_or_many)
    if plan.within is None:
        return _items(path, many, scope)
    around = _items(plan.within, plan.within.many, scope)
    return None if around is None else [item for one in around for item in _items(path, many, one) or ()]


def _items(path: Path, many: Getter, scope: Scope) -> list[Scope] | None:
    """Return the items of a list, each as the scope that it is; None where there is no list."""
    items = many(scope.node, scope)
    if items is None:
        return None
    places = zip(items, path.places(scope, items), strict=True)
    return [Scope(item, scope, number, place) for number, (item, place) in enumerate(places)]
