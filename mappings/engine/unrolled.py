"""An object as one function, its fields written out.

A loop over the fields, with a call for each, costs three times as much as the work that it does. So the source of a
function is put together, as `dataclasses` does it. Nothing of a mapping's text is ever in it: names, keys, constants
and functions are values, which the source refers to by names of its own (`k0`, `k1`, …).
"""

from collections.abc import Sequence
from typing import NoReturn, cast

from mappings.data import Data
from mappings.engine.document import Kind
from mappings.engine.paths import Getter, Path, View
from mappings.engine.plan_types import Plan
from mappings.engine.scope import Scope
from mappings.engine.steps import alone
from mappings.errors import ErrorCode, Refusal

DEEPEST = 5
"""How deep objects are written out within each other; Python nests twenty blocks at most."""


def object_of(
    children: Sequence[Plan], *, always: bool, reads: bool, keep_blank: bool, view: View | None
) -> Getter:
    """Return a function of node and scope that builds an object, its fields in their order.

    Unless it is there `always`, an object of which nothing that lies at the node at hand was found is not there:
    constants and defaults alone don't make one. `view` turns models into trees, where models are what is read.
    """
    writer = _Writer(reads=reads, keep_blank=keep_blank, view=view)
    out = writer.object(children, _Place("node", "scope", 1, 0), always=always)
    return writer.function(out)


class _Place:
    """Where in the source an object is written: its node and scope by name, its indent, its depth."""

    def __init__(self, node: str, scope: str, indent: int, depth: int) -> None:
        self.node, self.scope, self.indent, self.depth = node, scope, indent, depth

    def inner(self, node: str, scope: str, indent: int) -> "_Place":
        """Return a place further in."""
        return _Place(node, scope, self.indent + indent, self.depth + 1)


class _Writer:
    """Collects the lines of a function, and the values that they refer to."""

    def __init__(self, *, reads: bool, keep_blank: bool, view: View | None) -> None:
        self._reads, self._keep_blank, self._viewed = reads, keep_blank, view is not None
        self._lines: list[str] = []
        self._known: dict[str, Data] = {
            "Scope": Scope,
            "missing": _missing,
            "nothing": _nothing,
            "view": view,
        }
        self._count = 0

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
        if any(_keys(plan) for plan in plans):
            self._line(place, f"{read} = {place.node}.get if {place.node}.__class__ is dict else nothing")
        for plan in plans:
            value, name = self._field(plan, place, read), self._value(plan.name)
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

    def _field(self, plan: Plan, place: _Place, read: str) -> str:
        """Write what finds the value of one field; return the name that holds it."""
        value, keys = self._new("v"), _keys(plan)
        if plan.entry.kind is Kind.FROM and keys and (not plan.steps or alone(plan.steps) is not None):
            self._write_keys(value, keys, read, place)
            self._write_steps(value, plan, place)
        elif _is_plain_object(plan) and place.depth < DEEPEST:
            self._write_object(value, plan, place, read)
        elif _is_plain_each(plan) and place.depth < DEEPEST:
            self._write_each(value, plan, place, read)
        else:
            self._line(place, f"{value} = {self._value(plan.get)}({place.node}, {place.scope})")
        return value

    def _write_keys(self, value: str, keys: Sequence[str], read: str, place: _Place) -> None:
        """Write the reading of one key, or of one within another."""
        first = f"{read}({self._value(keys[0])})"
        if len(keys) == 1:
            self._line(place, f"{value} = {first}")
            return
        self._line(place, f"{value} = {self._looked_at(first)}")
        self._line(
            place, f"{value} = {value}.get({self._value(keys[1])}) if {value}.__class__ is dict else None"
        )

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
            inner = self._entered(plan, node, f"{place.scope}.number", place, 1)
        out = self.object(plan.children, inner, always=False)
        self._line(inner, f"{value} = {out}")

    def _looked_at(self, source: str) -> str:
        return f"view({source})" if self._viewed else source

    def _write_go(self, node: str, path: Path, place: _Place, read: str) -> None:
        if path.key is not None:
            self._line(place, f"{node} = {self._looked_at(f'{read}({self._value(path.key)})')}")
        else:
            self._line(place, f"{node} = {self._value(path.go)}({place.node}, {place.scope})")

    def _write_each(self, value: str, plan: Plan, place: _Place, read: str) -> None:
        if plan.path is None:
            self._line(place, f"{value} = None")
            return
        items, node = self._new("items"), self._new("node")
        many = plan.path.one_or_many if plan.entry.one_or_many else plan.path.many
        call = f"{items} = {self._value(many)}({place.node}, {place.scope})"
        if plan.path.key is not None:
            self._line(place, f"{items} = {self._looked_at(f'{read}({self._value(plan.path.key)})')}")
            call = f"if {items}.__class__ is not list: {call}"
        self._line(place, call)
        self._line(place, f"{value} = None if {items} is None else []")
        self._line(place, f"for {node} in {items} or ():")
        if self._viewed:
            self._line(place, f"{node} = view({node})", 1)
        inner = self._entered(plan, node, f"len({value})", place, 1)
        if plan.when is not None:
            self._line(inner, f"if not {self._value(plan.when.get)}({node}, {inner.scope}): continue")
        out = self.object(plan.children, inner, always=True)
        self._line(inner, f"{value}.append({out})")
        if not self._reads:
            self._line(place, f"if not {value}: {value} = None")

    def _entered(self, plan: Plan, node: str, number: str, place: _Place, indent: int) -> _Place:
        """Return the place within a node. A scope is only made for what looks around."""
        if plan.when is None and not any(child.looks_around for child in plan.children):
            return place.inner(node, place.scope, indent)
        scope = self._new("scope")
        inner = place.inner(node, scope, indent)
        self._line(inner, f"{scope} = Scope({node}, {place.scope}, {number})")
        return inner


def _keys(plan: Plan) -> tuple[str, ...]:
    """Return the one or two keys that a path is, if it is no more, and nothing but the value is asked for."""
    path = plan.path
    if path is None or path.steps is None or (plan.when is not None and plan.entry.kind is not Kind.EACH):
        return ()
    keys = tuple(step for step in path.steps if isinstance(step, str) and step != "*")
    return keys if len(keys) == len(path.steps) <= 2 else ()  # noqa: PLR2004 - as the docstring says


def _is_plain_object(plan: Plan) -> bool:
    return plan.entry.kind is Kind.FIELDS and plan.when is None and not plan.steps


def _is_plain_each(plan: Plan) -> bool:
    each = plan.entry.kind is Kind.EACH and plan.entry.has_fields
    return each and not plan.steps and not plan.finish


def _nothing(_key: str) -> None:
    return None


def _missing(required: frozenset[str], out: dict[str, Data]) -> NoReturn:
    names = ", ".join(sorted(required - out.keys()))
    raise Refusal(f"{names} must be there", ErrorCode.MISSING)
