"""Which plans are so plain that they can be written out in the source of the object around them."""

from mappings.engine.document import Kind
from mappings.engine.jmes_plain import STAR, Steps
from mappings.engine.paths import Path
from mappings.engine.plan_types import Plan
from mappings.engine.steps import alone

DEEPEST = 5
"""How deep objects are written out within each other; Python nests twenty blocks at most."""


def is_made_here(plan: Plan, depth: int) -> bool:
    """Say whether a value is put together in the source, of values that are looked at one by one."""
    return is_counter(plan) or ((is_plain_object(plan) or is_plain_each(plan)) and depth < DEEPEST)


def looks_around(plan: Plan, depth: int) -> bool:
    """Say whether what is written of a plan needs a scope: numbers are known without one."""
    if is_counter(plan):
        return False
    if (is_plain_object(plan) or (is_plain_each(plan) and plan.when is None)) and depth < DEEPEST:
        away = plan.path is not None and not plan.path.local
        return away or any(looks_around(child, depth + 1) for child in plan.children)
    return plan.looks_around


def trail(path: Path | None) -> Steps:
    """Return the keys and indexes that a path from the node at hand is, if it begins with a key and has no `*`."""
    steps = () if path is None or path.steps is None else path.steps
    return steps if steps and isinstance(steps[0], str) and STAR not in steps else ()


def is_plain_value(plan: Plan) -> bool:
    """Say whether a plan reads a value by a trail, and looks at nothing but that value."""
    plain = plan.entry.kind is Kind.FROM and plan.when is None and bool(trail(plan.path))
    return plain and (not plan.steps or alone(plan.steps) is not None)


def is_bare(plan: Plan) -> bool:
    """Say whether a plan is a plain value as it was found."""
    return is_plain_value(plan) and not plan.steps and plan.filler is None


def is_counter(plan: Plan) -> bool:
    """Say whether a plan is a counter with nothing else about it."""
    return plan.entry.kind is Kind.COUNTER and plan.when is None and not plan.steps


def is_plain_list(plan: Plan) -> bool:
    """Say whether a plan is a list of plain values with nothing else about it."""
    bare = plan.entry.kind is Kind.LIST and plan.when is None and not plan.steps and not plan.finish
    return (
        bare
        and bool(plan.children)
        and all(
            is_plain_value(child) and child.filler is None and not child.entry.required
            for child in plan.children
        )
    )


def is_plain_object(plan: Plan) -> bool:
    """Say whether a plan is an object with nothing else about it."""
    return plan.entry.kind is Kind.FIELDS and plan.when is None and not plan.steps


def is_plain_each(plan: Plan) -> bool:
    """Say whether a plan is a list of objects with nothing else about it but a condition."""
    each = plan.entry.kind is Kind.EACH and plan.entry.has_fields
    return each and plan.within is None and not plan.steps and not plan.finish
