"""JMESPath over trees of dict and list; plain paths are closures of their own, the rest goes to the library.

A leading `$` starts at the root of the wire document, each leading `^` one node further out.
"""

import re
from collections.abc import Callable

import jmespath
from jmespath import exceptions, functions

from mappings.data import Data
from mappings.engine.jmes_plain import blank_to_none, compile_plain, parse_plain, place_of
from mappings.engine.paths import Getter, Path
from mappings.engine.scope import Scope
from mappings.errors import Position, Refusal
from mappings.suggest import did_you_mean
from mappings.syntax.base import Wire
from mappings.syntax.trees import TreePlace, find_nodes

_PREFIX = re.compile(r"\s*(\$|\^+)(?:\.(?=[A-Za-z_\"])|(?=\[)|\s*$|(?=\s))")
_EQUATION = re.compile(r"(?P<path>[^=!<>|&'`]+?)\s*(?P<sign>==|!=)\s*'(?P<word>[^'\\]*)'\s*")

_INEXACT = {
    "abs": "`absolute`", "avg": "a registered one", "ceil": "`round`", "floor": "`round`", "sum": "`sum`",
    "to_number": "`decimal` or `int`", "to_string": "`text`",
}  # fmt: skip
"""Functions that turn exact numbers into floats, or refuse them, and the transforms that don't."""


class Jmes:
    """JMESPath as a path language. `keep_blank` takes an empty text for a value, not for a missing one."""

    itself = "@"

    def __init__(self, *, keep_blank: bool = False) -> None:
        self._keep_blank = keep_blank

    def enter(self, root: Data) -> Data:
        """Return the node itself."""
        return root

    def place_of_root(self, root: Data) -> TreePlace:
        """Return the empty place."""
        return ()

    def path(self, text: str) -> Path:
        """Return a path to a value."""
        return self._compile(text)

    def node(self, text: str) -> Path:
        """Return the same as `path`: trees have no other nodes than values."""
        return self._compile(text)

    def condition(self, text: str) -> Path:
        """Return a condition: what is null, false or empty is False, as JMESPath has it."""
        path = self._compile(text)
        holds = _equation(text) or _truth(path.go)
        return Path(text, holds, holds, holds, holds, path.local, path.locate, path.place, path.places)

    def _compile(self, text: str) -> Path:
        climb, rest = _split_prefix(text)
        steps = parse_plain(rest)
        go = compile_plain(steps) if steps is not None else _searcher(rest)
        go = _from(climb, go)
        local = climb == 0

        def located(scope: Scope, wire: Wire) -> tuple[str, Position | None]:
            base = _climbed(climb, scope)
            if steps is not None:
                place = place_of(base.place, base.node, steps)
                return wire.name(place), wire.position(place)
            inside = f"{wire.name(base.place)} → " if base.place else ""
            return f"{inside}{rest}", wire.position(base.place)

        def placed(scope: Scope) -> TreePlace:
            base = _climbed(climb, scope)
            if steps is not None and "*" not in steps:
                return place_of(base.place, base.node, steps)
            found = go(scope.node, scope)
            return find_nodes(scope.root.node, [found])[0] or base.place

        def places(scope: Scope, items: list[Data]) -> list[TreePlace]:
            base = _climbed(climb, scope)
            if steps is not None and "*" not in steps:
                whole = place_of(base.place, base.node, steps)
                return [(*whole, i) for i in range(len(items))]
            return [place or base.place for place in find_nodes(scope.root.node, items)]

        get = go if self._keep_blank else blank_to_none(go)
        key = (
            steps[0]
            if local and steps is not None and len(steps) == 1 and isinstance(steps[0], str)
            else None
        )
        plain = steps if local else None
        key = None if key == "*" else key
        return Path(text, get, go, _list(go), _some(go), local, located, placed, places, key, plain)


def _split_prefix(text: str) -> tuple[int, str]:
    """Return how far out a path starts (-1: the root), and the rest of it."""
    match = _PREFIX.match(text)
    if match is None:
        if text.lstrip()[:1] in ("$", "^"):
            raise ValueError("after `$` or `^` comes `.name`, `[index]` or nothing")
        return 0, text
    climb = -1 if match[1] == "$" else len(match[1])
    rest = text[match.end() :].strip()
    if rest[:1] in ("=", "!", "<", ">", "|", "&"):
        rest = f"@ {rest}"
    return climb, rest or "@"


def _climbed(climb: int, scope: Scope) -> Scope:
    if climb < 0:
        return scope.root
    for _ in range(climb):
        if scope.parent is None:
            raise Refusal("the path goes further out than the document")
        scope = scope.parent
    return scope


def _from(climb: int, go: Getter) -> Getter:
    if climb == 0:
        return go
    if climb < 0:
        return lambda _node, scope: go(scope.root.node, scope.root)

    def outer(_node: Data, scope: Scope) -> Data:
        base = _climbed(climb, scope)
        return go(base.node, base)

    return outer


def _list(go: Getter) -> Getter:
    def many(node: Data, scope: Scope) -> Data:
        found = go(node, scope)
        if found is None or found.__class__ is list:
            return found
        kind = "an object" if isinstance(found, dict) else "a single value"
        reason = f"a list is expected, and this is {kind}"
        raise Refusal(f"{reason}; say `one_or_many: true` if the partner leaves the list out around one item")

    return many


def _some(go: Getter) -> Getter:
    def some(node: Data, scope: Scope) -> Data:
        found = go(node, scope)
        return found if found is None or found.__class__ is list else [found]

    return some


def _truth(go: Getter) -> Getter:
    def holds(node: Data, scope: Scope) -> bool:
        found = go(node, scope)
        return found is not None and found is not False and found not in ("", [], {})

    return holds


def _equation(text: str) -> Getter | None:
    """Return a closure for `path == 'word'` and `path != 'word'`, the conditions that mappings mostly have."""
    match = _EQUATION.fullmatch(text)
    if match is None:
        return None
    climb, rest = _split_prefix(match["path"])
    steps = parse_plain(rest)
    if steps is None or "*" in steps:
        return None
    go, word = _from(climb, compile_plain(steps)), match["word"]
    if match["sign"] == "==":
        return lambda node, scope: go(node, scope) == word
    return lambda node, scope: go(node, scope) != word


def _searcher(text: str) -> Getter:
    try:
        compiled = jmespath.compile(text)
    except exceptions.JMESPathError as error:
        raise ValueError(_said(error)) from None
    _check_tree(compiled.parsed)
    search: Callable[[Data], Data] = compiled.search

    def go(node: Data, _scope: Scope) -> Data:
        try:
            return search(node)
        except exceptions.JMESPathError as error:
            raise Refusal(f"the path fails here: {_said(error)}") from None
        except (TypeError, ValueError, ArithmeticError) as error:
            raise Refusal(f"the path fails here: {error}") from None

    return go


def _said(error: Exception) -> str:
    """Return the library's message without its drawing of the expression."""
    return str(error).partition("\n")[0].rstrip(":")[:200]


def _check_tree(tree: dict[str, Data]) -> None:
    """Refuse functions that don't exist, that JMESPath computes in floats, and float literals."""
    stack: list[Data] = [tree]
    while stack:
        node = stack.pop()
        if not isinstance(node, dict):
            continue
        if node["type"] == "function_expression":
            _check_function(str(node["value"]), len(node["children"]))
        elif node["type"] == "literal" and isinstance(node["value"], float):
            raise ValueError(f"the number {node['value']} isn't exact in JMESPath; compare it in a transform")
        stack += node.get("children", [])


def _check_function(name: str, count: int) -> None:
    known = functions.Functions.FUNCTION_TABLE
    if name in _INEXACT:
        raise ValueError(f"the function {name}() isn't exact: use {_INEXACT[name]} as a transform")
    if name not in known:
        raise ValueError(f"there is no function {name}(){did_you_mean(name, known)}")
    signature = known[name]["signature"]
    variadic = bool(signature) and signature[-1].get("variadic", False)
    if count != len(signature) and not (variadic and count >= len(signature)):
        raise ValueError(f"the function {name}() takes {len(signature)} arguments, not {count}")
