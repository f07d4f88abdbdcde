"""The fast way: closures that build values and know nothing of places. What goes wrong is looked into by `trace`."""

from collections.abc import Sequence

from mappings.data import Data
from mappings.engine.document import Kind
from mappings.engine.paths import Getter
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import alone
from mappings.engine.transforms.base import Run, RunInScope
from mappings.errors import ErrorCode, Refusal

Object = dict[str, Data]
Field = tuple[str, str | None, Run | None, Getter, bool, tuple[Data] | None]
"""Name, the one key that its path is, its transforms if it has such a key, its getter, whether local, its filler."""


def object_of(children: Sequence[Plan], *, always: bool, inline: bool) -> Getter:
    """Return a closure that builds an object, its fields in the order of the document.

    Unless it is there `always`, an object of which nothing that lies at the node at hand was found is not there:
    constants and defaults alone don't make one. A field that is one key of a tree, as most are, is read right here:
    calling a closure for it would cost more than reading it.
    """
    fields = [_field(plan, inline=inline) for plan in children]
    required = frozenset(plan.name for plan in children if plan.entry.required)
    must_find = not always and any(plan.local for plan in children)

    def build(node: Data, scope: Scope) -> Object | None:
        out: Object = {}
        found = False
        read = node.get if node.__class__ is dict else _read_nothing
        for name, key, run, get, local, filler in fields:
            if key is not None:
                value = read(key)
                if value.__class__ is str and (not value or value.isspace()):
                    value = None
                elif run is not None and value is not None:
                    value = run(value)
            else:
                value = get(node, scope)
            if value is not None:
                out[name] = value
                if local:
                    found = True
            elif filler is not None:
                out[name] = filler[0]
        if must_find and not found:
            return None
        if required and not required <= out.keys():
            raise _missing(required, out)
        return out

    return build


def _field(plan: Plan, *, inline: bool) -> Field:
    run = alone(plan.steps)
    keyed = (
        inline and plan.entry.kind is Kind.FROM and plan.when is None and (run is not None or not plan.steps)
    )
    key = plan.path.key if keyed and plan.path is not None else None
    return plan.name, key, run, plan.get, plan.local, plan.filler


def _read_nothing(_key: str) -> None:
    return None


def _missing(required: frozenset[str], out: Object) -> Refusal:
    names = ", ".join(sorted(required - out.keys()))
    return Refusal(f"{names} must be there", ErrorCode.MISSING)


def with_steps(get: Getter, run: RunInScope | None) -> Getter:
    """Return a getter followed by transforms, which only see a value that is there."""
    if run is None:
        return get

    def transformed(node: Data, scope: Scope) -> Data:
        value = get(node, scope)
        return None if value is None else run(value, node, scope)

    return transformed


def both(when: Getter, get: Getter) -> Getter:
    """Return a getter that only looks where a condition holds."""
    return lambda node, scope: get(node, scope) if when(node, scope) else None


def supply(plan: Plan) -> Getter:
    """Return a getter with the default of its entry; used where no object does this for all its fields."""
    get, required = plan.get, plan.entry.required
    filler = plan.filler[0] if plan.filler is not None else None
    if filler is None and not required:
        return get

    def supplied(node: Data, scope: Scope) -> Data:
        value = get(node, scope)
        if value is None:
            if required:
                raise Refusal("a value must be there", ErrorCode.MISSING)
            return filler
        return value

    return supplied


def pick_first(children: Sequence[Plan]) -> Getter:
    """Return a getter of the first value that is there."""
    getters = [supply(plan) for plan in children]

    def get(node: Data, scope: Scope) -> Data:
        for one in getters:
            value = one(node, scope)
            if value is not None:
                return value
        return None

    return get


def item_list(children: Sequence[Plan], run: RunInScope | None) -> Getter:
    """Return a getter of a list of entries; those without a value are left out, and an empty list isn't there."""
    getters = [with_steps(supply(plan), run) for plan in children]

    def get(node: Data, scope: Scope) -> Data:
        return [value for one in getters if (value := one(node, scope)) is not None] or None

    return get
