"""A mapping, compiled: entries as closures, each of which still knows its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mappings.data import Data
from mappings.engine.build import both, each, item_list, pick_first, with_steps, within
from mappings.engine.document import NOTHING, Entry, Kind, Said, WhenMissing
from mappings.engine.paths import Getter, Path
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import Workbench, after
from mappings.engine.unrolled import object_of

_BLANKS: Mapping[Kind, Data] = MappingProxyType({Kind.FIELDS: {}, Kind.EACH: [], Kind.LIST: []})


@dataclass(frozen=True, slots=True)
class Planner:
    """Compiles the entries of one document. What is wrong goes to the findings of its workbench."""

    bench: Workbench
    keep_blank: bool
    reads: bool

    def plans(self, entries: tuple[Entry, ...], around: int) -> tuple[Plan, ...]:
        """Compile the entries of an object, with so many nodes around the one that they start from."""
        return tuple(self.plan(entry, around) for entry in entries)

    def object_of(self, plans: tuple[Plan, ...], *, always: bool) -> Getter:
        """Return the closure of an object; the order of what is written counts."""
        return object_of(
            plans, always=always, reads=self.reads, keep_blank=self.keep_blank,
            models=self.bench.language.view is not None,
        )  # fmt: skip

    def plan(self, entry: Entry, around: int) -> Plan:
        """Compile one entry, with so many nodes around the one that it starts from."""
        outer = self._compile(entry.within, "path", around)
        path = self._path(entry, around + (entry.within is not None))
        inside = _around_items(entry, around)
        children = self.plans(entry.entries, inside)
        of_each = inside if entry.kind is Kind.EACH else around
        steps, finish = self.bench.steps(entry.steps, of_each), self.bench.steps(entry.finish, around)
        when = self._compile(entry.when, "condition", of_each)
        bare = Plan(
            entry, _nothing, _nothing, local=_is_local(outer or path, children), path=path, when=when,
            steps=steps, finish=finish, children=children, filler=_filler(entry), within=outer,
        )  # fmt: skip
        base = self._base(bare)
        get = with_steps(base, after(finish if entry.kind in (Kind.EACH, Kind.LIST) else steps))
        return bare.built(get if when is None or entry.kind is Kind.EACH else both(when.get, get), base)

    def _base(self, plan: Plan) -> Getter:
        entry, path = plan.entry, plan.path
        get: Getter
        match entry.kind:
            case Kind.EACH:
                get = self._each(plan)
            case Kind.LIST:
                get = item_list(plan.children, after(plan.steps))
            case Kind.FIRST_OF:
                get = pick_first(plan.children)
            case Kind.FIELDS:
                get = self._fields(plan)
            case Kind.COUNTER:
                get = _counter(entry.value)
            case Kind.VALUE:
                get = _constant(entry.value)
            case _:
                get = path.get if path is not None else _nothing
        return get

    def _fields(self, plan: Plan) -> Getter:
        build = self.object_of(plan.children, always=False)
        if plan.path is None:
            return build
        if plan.entry.from_context and self.reads:
            message = "`context` with `fields` is for mappings that write"
            self.bench.findings.error(plan.entry.mark, message)
        return within(plan.path, build)

    def _each(self, plan: Plan) -> Getter:
        if plan.path is None:
            return _nothing
        many = plan.path.items(one_or_many=plan.entry.one_or_many)
        if plan.entry.has_fields:
            value = self.object_of(plan.children, always=True)
        else:
            value = self.bench.language.path(self.bench.language.itself).get
        when = plan.when.get if plan.when is not None else None
        outer = plan.within.many if plan.within is not None else None
        return each(many, with_steps(value, after(plan.steps)), when, reads=self.reads, outer=outer)

    def _path(self, entry: Entry, around: int) -> Path | None:
        if entry.from_context:
            return self._context(entry.path) if entry.path is not None else None
        return self._compile(entry.path, "node" if entry.kind is Kind.NODE else "path", around)

    def _compile(self, said: Said | None, kind: str, around: int) -> Path | None:
        """Compile a path; one that is wrong is a finding, and then there is none."""
        if said is None or not said.text:
            return None
        language = self.bench.language
        compile_one = {"path": language.path, "condition": language.condition, "node": language.node}[kind]
        try:
            return compile_one(said.text).must_start_within(around)
        except ValueError as error:
            self.bench.findings.error(said.mark, f"the path {said.text[:80]!r} can't be used: {error}")
            return None

    def _context(self, said: Said) -> Path | None:
        try:
            return self.bench.context_path(said.text)
        except ValueError as error:
            self.bench.findings.error(said.mark, str(error))
            return None


def _around_items(entry: Entry, around: int) -> int:
    """Return how many nodes are around the one that the entries within an entry start from."""
    if entry.kind is Kind.EACH:
        return around + (1 if entry.within is None else 2)
    return around + (entry.kind is Kind.FIELDS and entry.path is not None)


def _is_local(path: Path | None, children: tuple[Plan, ...]) -> bool:
    """Say whether a value that is found shows that the object around it is there."""
    return path.local if path is not None else any(child.local for child in children)


def _nothing(_node: Data, _scope: Scope) -> None:
    return None


def _constant(value: Data) -> Getter:
    return lambda _node, _scope: value


def _counter(first: int) -> Getter:
    return lambda _node, scope: scope.number + first


def _filler(entry: Entry) -> tuple[Data] | None:
    """Return what stands in for a missing value, wrapped, so that null can be one."""
    if entry.default is not NOTHING:
        return (entry.default,)
    if entry.when_missing is WhenMissing.NULL:
        return (None,)
    if entry.when_missing is WhenMissing.BLANK:
        return (_BLANKS.get(entry.kind, ""),)
    return None
