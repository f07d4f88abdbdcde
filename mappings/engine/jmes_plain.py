"""Plain JMESPath (`a.b`, `a[0].b`, `a[*].b`) as closures: several times faster than the library, same results."""

import re

from mappings.data import Data, is_list, is_object
from mappings.engine.paths import Getter, View
from mappings.engine.scope import Scope
from mappings.syntax.trees import TreePlace

Steps = tuple[str | int, ...]
STAR = "*"

_NAME = r'[A-Za-z_][A-Za-z0-9_]*|"[^"\\]+"'
_FIRST = re.compile(rf"\s*({_NAME})|\s*\[(-?[0-9]{{1,9}}|\*)\]|\s*@\s*$")
_NEXT = re.compile(rf"\.({_NAME})|\[(-?[0-9]{{1,9}}|\*)\]")


def parse_plain(text: str) -> Steps | None:
    """Return the steps of a plain path; None for one that needs the library."""
    steps: list[str | int] = []
    pattern, offset, text = _FIRST, 0, text.rstrip()
    while match := pattern.match(text, offset):
        name, index = match.groups()
        if name == '"*"':
            return None
        if name is not None:
            steps.append(name.strip('"'))
        elif index is not None:
            steps.append(STAR if index == STAR else int(index))
        pattern, offset = _NEXT, match.end()
        if offset == len(text):
            return None if steps.count(STAR) > 1 else tuple(steps)
    return None


def compile_plain(steps: Steps) -> Getter:
    """Return a closure that follows `steps`. What isn't there, or isn't what a step needs, is None."""
    if STAR in steps:
        return _projection(steps)
    if not steps:
        return lambda node, _scope: node
    if len(steps) == 1 and isinstance(steps[0], str):
        return _one_key(steps[0])
    first, *rest = steps
    if len(rest) == 1 and isinstance(first, str) and isinstance(rest[0], str):
        return _two_keys(first, rest[0])
    return _chain(steps)


def _one_key(key: str) -> Getter:
    return lambda node, _scope: node.get(key) if node.__class__ is dict else None


def _two_keys(first: str, second: str) -> Getter:
    def go(node: Data, _scope: Scope) -> Data:
        if node.__class__ is not dict:
            return None
        inner = node.get(first)
        return inner.get(second) if inner.__class__ is dict else None

    return go


def _chain(steps: Steps) -> Getter:
    def go(node: Data, _scope: Scope) -> Data:
        for step in steps:
            if isinstance(step, int):
                if node.__class__ is not list or not -len(node) <= step < len(node):
                    return None
                node = node[step]
            elif node.__class__ is dict:
                node = node.get(step)
            else:
                return None
        return node

    return go


def _projection(steps: Steps, view: View | None = None) -> Getter:
    star = steps.index(STAR)
    if view is None:
        before, after = compile_plain(steps[:star]), compile_plain(steps[star + 1 :])
    else:
        before, after = compile_viewed(steps[:star], view), compile_viewed(steps[star + 1 :], view)

    def go(node: Data, scope: Scope) -> Data:
        found = before(node, scope)
        if view is not None:
            found = view(found)
        if found.__class__ is not list:
            return None
        return [value for item in found if (value := after(item, scope)) is not None]

    return go


def compile_viewed(steps: Steps, view: View) -> Getter:
    """Return a closure that follows `steps` through models, dicts, lists and tuples."""
    if STAR in steps:
        return _projection(steps, view)

    def go(node: Data, _scope: Scope) -> Data:
        for step in steps:
            node = view(node)
            if isinstance(step, int):
                if node.__class__ is not list or not -len(node) <= step < len(node):
                    return None
                node = node[step]
            elif node.__class__ is dict:
                node = node.get(step)
            else:
                return None
        return node

    return go


def blank_to_none(go: Getter) -> Getter:
    """Return a closure that takes a text without any character in it for a missing value."""

    def get(node: Data, scope: Scope) -> Data:
        found = go(node, scope)
        if found.__class__ is str and (not found or found.isspace()):
            return None
        return found

    return get


def place_of(base: TreePlace, node: Data, steps: Steps, view: View | None) -> TreePlace:
    """Return the place that `steps` lead to; negative indexes become those that they stand for."""
    place: list[str | int] = list(base)
    for step in steps:
        node = node if view is None else view(node)
        if isinstance(step, int):
            count = len(node) if is_list(node) else 0
            index = step + count if step < 0 and count else step
            node = node[index] if 0 <= index < count else None
            place.append(index)
        else:
            node = node.get(step) if is_object(node) else None
            place.append(step)
    return tuple(place)
