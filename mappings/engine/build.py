"""The fast way: closures that find values and know nothing of places. What goes wrong is looked into by `trace`."""

from collections.abc import Iterable, Sequence

from mappings.data import Data
from mappings.engine.paths import Getter, Path
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.transforms.base import RunInScope
from mappings.errors import ErrorCode, Refusal


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


def within(path: Path, build: Getter) -> Getter:
    """Return a getter of an object at another node."""

    def get(node: Data, scope: Scope) -> Data:
        inner = path.go(node, scope)
        return None if inner is None else build(inner, Scope(inner, scope, scope.number))

    return get


def each(
    many: Getter, value: Getter, when: Getter | None, *, reads: bool, outer: Getter | None = None
) -> Getter:
    """Return a getter of a list. Reading, an empty one is a value; writing, it isn't there.

    With `outer` it is one list of what is in the lists of that list's items, and these are around it.
    """

    def fill(found: list[Data], items: Iterable[Data], around: Scope) -> None:
        for item in items:
            inner = Scope(item, around, len(found))
            if when is None or when(item, inner):
                one = value(item, inner)
                if one is not None:
                    found.append(one)

    def get(node: Data, scope: Scope) -> list[Data] | None:
        items = many(node, scope)
        if items is None:
            return None
        found: list[Data] = []
        fill(found, items, scope)
        return found if found or reads else None

    def get_within(node: Data, scope: Scope) -> list[Data] | None:
        several = None if outer is None else outer(node, scope)
        if several is None:
            return None
        found: list[Data] = []
        for number, item in enumerate(several):
            around = Scope(item, scope, number)
            fill(found, many(item, around) or (), around)
        return found if found or reads else None

    return get if outer is None else get_within
