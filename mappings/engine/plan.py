"""A mapping, compiled: entries as closures, each of which still knows its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mappings.data import Data
from mappings.engine.build import both, item_list, object_of, pick_first, with_steps
from mappings.engine.document import NOTHING, Entry, Kind, Said, WhenMissing
from mappings.engine.paths import Getter, Path
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import Workbench, after
from mappings.suggest import did_you_mean

_BLANKS: Mapping[Kind, Data] = MappingProxyType({Kind.FIELDS: {}, Kind.EACH: [], Kind.LIST: []})


@dataclass(frozen=True, slots=True)
class Planner:
    """Compiles the entries of one document. What is wrong goes to the findings of its workbench."""

    bench: Workbench
    context: frozenset[str]
    keep_blank: bool
    reads: bool

    def plans(self, entries: tuple[Entry, ...]) -> tuple[Plan, ...]:
        """Compile the entries of an object."""
        return tuple(self.plan(entry) for entry in entries)

    def plan(self, entry: Entry) -> Plan:
        """Compile one entry."""
        path = self._path(entry)
        children = self.plans(entry.entries)
        steps, finish = self.bench.steps(entry.steps), self.bench.steps(entry.finish)
        when = self._compile(entry.when, "condition")
        bare = Plan(
            entry, _nothing, _nothing, local=self._is_local(entry, path, children), path=path, when=when, steps=steps,
            finish=finish, children=children, filler=_filler(entry),
        )  # fmt: skip
        base = self._base(bare)
        get = with_steps(base, after(finish if entry.kind in (Kind.EACH, Kind.LIST) else steps))
        return bare.built(get if when is None or entry.kind is Kind.EACH else both(when.get, get), base)

    def _base(self, plan: Plan) -> Getter:
        entry, path = plan.entry, plan.path
        match entry.kind:
            case Kind.EACH:
                return self._each(plan)
            case Kind.LIST:
                return item_list(plan.children, after(plan.steps))
            case Kind.FIRST_OF:
                return pick_first(plan.children)
            case Kind.FIELDS if path is not None:
                return _within(path.go, object_of(plan.children, always=False, inline=not self.keep_blank))
            case Kind.FIELDS:
                return object_of(plan.children, always=False, inline=not self.keep_blank)
            case Kind.CONTEXT:
                name = entry.path.text if entry.path else ""
                return lambda _node, scope: scope.context.get(name)
            case Kind.COUNTER:
                first: int = entry.value
                return lambda _node, scope: scope.number + first
            case Kind.VALUE:
                constant = entry.value
                return lambda _node, _scope: constant
            case _:
                return path.get if path is not None else _nothing

    def _each(self, plan: Plan) -> Getter:
        if plan.path is None:
            return _nothing
        many = plan.path.one_or_many if plan.entry.one_or_many else plan.path.many
        if plan.entry.has_fields:
            value = object_of(plan.children, always=True, inline=not self.keep_blank)
        else:
            value = self.bench.language.path(self.bench.language.itself).get
        value = with_steps(value, after(plan.steps))
        when = plan.when.get if plan.when is not None else None
        empty: list[Data] | None = [] if self.reads else None

        def get(node: Data, scope: Scope) -> list[Data] | None:
            items = many(node, scope)
            if items is None:
                return None
            found: list[Data] = []
            for item in items:
                inner = Scope(item, scope, len(found))
                if when is None or when(item, inner):
                    one = value(item, inner)
                    if one is not None:
                        found.append(one)
            return found or empty

        return get

    def _path(self, entry: Entry) -> Path | None:
        if entry.kind is Kind.CONTEXT:
            self._check_context(entry)
            return None
        return self._compile(entry.path, "node" if entry.kind is Kind.NODE else "path")

    def _compile(self, said: Said | None, kind: str) -> Path | None:
        """Compile a path; one that is wrong is a finding, and then there is none."""
        if said is None or not said.text:
            return None
        language = self.bench.language
        compile_one = {"path": language.path, "condition": language.condition, "node": language.node}[kind]
        try:
            return compile_one(said.text)
        except ValueError as error:
            self.bench.findings.error(said.mark, f"the path {said.text[:80]!r} can't be used: {error}")
            return None

    def _check_context(self, entry: Entry) -> None:
        name = entry.path.text if entry.path else ""
        self.bench.used.add(f"context {name}")
        if name not in self.context:
            known = did_you_mean(name, self.context)
            self.bench.findings.error(entry.mark, f"declare {name!r} under `context`{known}")

    @staticmethod
    def _is_local(entry: Entry, path: Path | None, children: tuple[Plan, ...]) -> bool:
        """Say whether a value of this entry shows that the object around it is there."""
        if path is not None:
            return path.local
        return any(child.local for child in children)


def _nothing(_node: Data, _scope: Scope) -> None:
    return None


def _filler(entry: Entry) -> tuple[Data] | None:
    """Return what stands in for a missing value, wrapped, so that null can be one."""
    if entry.default is not NOTHING:
        return (entry.default,)
    if entry.when_missing is WhenMissing.NULL:
        return (None,)
    if entry.when_missing is WhenMissing.BLANK:
        return (_BLANKS.get(entry.kind, ""),)
    return None


def _within(go: Getter, build: Getter) -> Getter:
    def get(node: Data, scope: Scope) -> Data:
        inner = go(node, scope)
        return None if inner is None else build(inner, Scope(inner, scope, scope.number))

    return get
