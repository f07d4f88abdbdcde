"""An object as one function, its fields written out.

A loop over the fields, with a call for each, costs three times as much as the work that it does. So the source of a
function is put together, as `dataclasses` does it. Nothing of a mapping's text is ever in it: names, keys, constants
and functions are values, which the source refers to by names of its own (`k0`, `k1`, …).
"""

from collections.abc import Sequence
from typing import NoReturn, cast

from mappings.data import Data
from mappings.engine.document import Kind
from mappings.engine.jmes_plain import Steps
from mappings.engine.models import WAYS
from mappings.engine.paths import Getter, Path
from mappings.engine.plain import (
    DEEPEST,
    is_bare,
    is_counter,
    is_made_here,
    is_plain_each,
    is_plain_list,
    is_plain_object,
    is_plain_value,
    looks_around,
    trail,
)
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import alone
from mappings.errors import ErrorCode, Refusal
from mappings.syntax.trees import EXACT, check_exact


def object_of(
    children: Sequence[Plan], *, always: bool, reads: bool, keep_blank: bool, models: bool
) -> Getter:
    """Return a function of node and scope that builds an object, its fields in their order.

    Unless it is there `always`, an object of which nothing that lies at the node at hand was found is not there:
    constants and defaults alone don't make one. `models`: what is read are models, not trees.
    """
    writer = _Writer(reads=reads, keep_blank=keep_blank, models=models)
    out = writer.object(children, _Place("node", "scope", "scope.number", 1, 0), always=always)
    return writer.function(out)


class _Place:
    """Where in the source an object is written: node, scope and number as the source has them, indent, depth."""

    def __init__(self, node: str, scope: str, number: str, indent: int, depth: int) -> None:
        self.node, self.scope, self.number = node, scope, number
        self.indent, self.depth = indent, depth

    def inner(self, node: str, number: str, indent: int) -> "_Place":
        """Return a place further in."""
        return _Place(node, self.scope, number, self.indent + indent, self.depth + 1)


class _Writer:
    """Collects the lines of a function, and the values that they refer to."""

    def __init__(self, *, reads: bool, keep_blank: bool, models: bool) -> None:
        self._reads, self._keep_blank, self._models = reads, keep_blank, models
        self._lines: list[str] = []
        self._known: dict[str, Data] = {
            "Scope": Scope,
            "missing": _missing,
            "exact": EXACT,
            "check_exact": check_exact,
            "nothing": _nothing,
            "ways": WAYS,
        }
        self._count = 0
        self._exact: set[str] = set()
        """Names of the values that are known to hold no float, or that are not for writing."""

    def function(self, out: str) -> Getter:
        """Return the function that ends by returning `out`."""
        source = "\n".join(["def build(node, scope):", *self._lines, f"    return {out}"])
        exec(source, self._known)  # noqa: S102 - the source holds only words of this module
        return cast("Getter", self._known["build"])

    def _line(self, place: _Place, text: str, further: int = 0) -> None:
        self._lines.append("    " * (place.indent + further) + text)

    def _new(self, word: str) -> str:
        self._count += 1
        return f"{word}{self._count}"

    def _value(self, value: Data) -> str:
        """Return a name for a value."""
        name = self._new("k")
        self._known[name] = value
        return name

    def object(self, plans: Sequence[Plan], place: _Place, *, always: bool) -> str:
        """Write an object; return the name that holds it, or None where it is not there."""
        out, found, read = self._new("out"), self._new("found"), self._new("read")
        must_find = not always and any(plan.local for plan in plans)
        self._line(place, f"{out} = {{}}")
        if must_find:
            self._line(place, f"{found} = False")
        if any(trail(plan.path) or plan.children for plan in plans):
            self._line(place, f"{read} = {place.node}.get if {place.node}.__class__ is dict else nothing")
        for plan in plans:
            if is_bare(plan) and not self._keep_blank:
                self._write_bare(plan, place, read, out, found if must_find and plan.local else None)
                continue
            value, name = self._field(plan, place, read), self._value(plan.name)
            if value not in self._exact:
                self._line(place, f"if {value}.__class__ not in exact: check_exact({value})")
            self._line(place, f"if {value} is not None:")
            self._line(place, f"{out}[{name}] = {value}", 1)
            if must_find and plan.local:
                self._line(place, f"{found} = True", 1)
            if plan.filler is not None:
                self._line(place, "else:")
                self._line(place, f"{out}[{name}] = {self._value(plan.filler[0])}", 1)
        required = frozenset(plan.name for plan in plans if plan.entry.required)
        if must_find:
            self._line(place, f"if not {found}: {out} = None")
        if required:
            name = self._value(required)
            self._line(place, f"if {out} is not None and not {name} <= {out}.keys(): missing({name}, {out})")
        return out

    def _write_bare(self, plan: Plan, place: _Place, read: str, out: str, found: str | None) -> None:
        """Write a field that is what was found, unless that is blank: the shortest source, since most fields are so."""
        value, name = self._new("v"), self._value(plan.name)
        put = f"{out}[{name}] = {value}" if found is None else f"{out}[{name}] = {value}; {found} = True"
        self._write_trail(value, trail(plan.path), read, place)
        self._line(place, f"if {value}.__class__ is str:")
        self._line(place, f"if {value} and not {value}.isspace(): {put}", 1)
        self._line(place, f"elif {value} is not None:")
        if not self._reads:
            self._line(place, f"if {value}.__class__ not in exact: check_exact({value})", 1)
        self._line(place, put, 1)

    def _field(self, plan: Plan, place: _Place, read: str) -> str:
        """Write what finds the value of one field; return the name that holds it."""
        value = self._new("v")
        if is_plain_value(plan):
            self._write_trail(value, trail(plan.path), read, place)
            self._write_steps(value, plan, place)
        elif is_counter(plan):
            self._line(place, f"{value} = {place.number} + {self._value(plan.entry.value)}")
        elif is_plain_list(plan):
            self._write_list(value, plan, place, read)
        elif is_plain_object(plan) and place.depth < DEEPEST:
            self._write_object(value, plan, place, read)
        elif is_plain_each(plan) and place.depth < DEEPEST:
            self._write_each(value, plan, place, read)
        else:
            self._line(place, f"{value} = {self._value(plan.get)}({place.node}, {place.scope})")
        if self._reads or plan.entry.kind is Kind.VALUE or is_made_here(plan, place.depth):
            self._exact.add(value)
        return value

    def _write_trail(self, value: str, steps: Steps, read: str, place: _Place) -> None:
        """Write the way from the node at hand through keys and indexes; what isn't there is None."""
        self._line(place, f"{value} = {read}({self._value(steps[0])})")
        for step in steps[1:]:
            if self._models:
                self._line(place, f"{value} = ways[{value}.__class__]({value})")
            if isinstance(step, int):
                holds = f"{value}.__class__ is list and {-step if step < 0 else step + 1} <= len({value})"
                self._line(place, f"{value} = {value}[{step}] if {holds} else None")
            else:
                key = self._value(step)
                self._line(place, f"{value} = {value}.get({key}) if {value}.__class__ is dict else None")

    def _write_list(self, value: str, plan: Plan, place: _Place, read: str) -> None:
        """Write a list of values; those that are not there are left out, and an empty list isn't there."""
        names = [self._field(child, place, read) for child in plan.children]
        self._line(place, f"{value} = [v for v in ({', '.join(names)},) if v is not None] or None")

    def _write_steps(self, value: str, plan: Plan, place: _Place) -> None:
        """Write that a blank text is no value, and what is done with a value."""
        run = alone(plan.steps)
        word = "if"
        if not self._keep_blank:
            self._line(
                place, f"if {value}.__class__ is str and (not {value} or {value}.isspace()): {value} = None"
            )
            word = "elif"
        if run is not None:
            self._line(place, f"{word} {value} is not None: {value} = {self._value(run)}({value})")

    def _write_object(self, value: str, plan: Plan, place: _Place, read: str) -> None:
        node, path = place.node, plan.path
        inner = place
        if path is not None:
            node = self._new("node")
            self._write_go(node, path, place, read)
            self._line(place, f"{value} = None")
            self._line(place, f"if {node} is not None:")
            inner = self._entered(plan, node, place.number, place, 1)
        out = self.object(plan.children, inner, always=False)
        self._line(inner, f"{value} = {out}")

    def _write_go(self, node: str, path: Path, place: _Place, read: str) -> None:
        """Write the way to a node; a model is made a tree."""
        steps = trail(path)
        if not steps:
            self._line(place, f"{node} = {self._value(path.go)}({place.node}, {place.scope})")
            return
        self._write_trail(node, steps, read, place)
        if self._models:
            self._line(place, f"{node} = ways[{node}.__class__]({node})")

    def _write_each(self, value: str, plan: Plan, place: _Place, read: str) -> None:
        if plan.path is None:
            self._line(place, f"{value} = None")
            return
        items, node = self._new("items"), self._new("node")
        many = plan.path.items(one_or_many=plan.entry.one_or_many)
        call = f"{items} = {self._value(many)}({place.node}, {place.scope})"
        if trail(plan.path):
            self._write_go(items, plan.path, place, read)
            call = f"if {items}.__class__ is not list: {call}"
        self._line(place, call)
        self._line(place, f"{value} = None if {items} is None else []")
        self._line(place, f"for {node} in {items} or ():")
        if self._models:
            self._line(place, f"{node} = ways[{node}.__class__]({node})", 1)
        inner = self._entered(plan, node, f"len({value})", place, 1)
        if plan.when is not None:
            self._line(inner, f"if not {self._value(plan.when.get)}({node}, {inner.scope}): continue")
        out = self.object(plan.children, inner, always=True)
        self._line(inner, f"{value}.append({out})")
        if not self._reads:
            self._line(place, f"if not {value}: {value} = None")

    def _entered(self, plan: Plan, node: str, number: str, place: _Place, indent: int) -> _Place:
        """Return the place within a node. A scope is only made for what looks around."""
        inner = place.inner(node, number, indent)
        if plan.when is not None or any(looks_around(child, inner.depth) for child in plan.children):
            scope = self._new("scope")
            self._line(inner, f"{scope} = Scope({node}, {place.scope}, {number})")
            inner.scope = scope
        return inner


def _nothing(_key: str) -> None:
    return None


def _missing(required: frozenset[str], out: dict[str, Data]) -> NoReturn:
    names = ", ".join(sorted(required - out.keys()))
    raise Refusal(f"{names} must be there", ErrorCode.MISSING)
