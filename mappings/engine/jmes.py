"""JMESPath over trees of dict and list; plain paths are closures of their own, the rest goes to the library.

A leading `$` starts at the root of the wire document, each leading `^` one node further out.
"""

import re
from dataclasses import dataclass, replace

from mappings.data import Data, is_object
from mappings.engine.jmes_library import searcher
from mappings.engine.jmes_numbers import with_numbers
from mappings.engine.jmes_plain import (
    STAR,
    Steps,
    blank_to_none,
    compile_plain,
    compile_viewed,
    parse_plain,
    place_of,
)
from mappings.engine.models import deep_view, view
from mappings.engine.paths import Getter, Path, View
from mappings.engine.scope import Scope
from mappings.errors import Position, Refusal
from mappings.syntax.base import Wire
from mappings.syntax.trees import TreePlace, find_nodes

_PREFIX = re.compile(r"\s*(\$|\^+)(?:\.(?=[A-Za-z_\"])|(?=\[)|\s*$|(?=\s))")
_EQUATION = re.compile(r"(?P<path>[^=!<>|&'`]+?)\s*(?P<sign>==|!=)\s*'(?P<word>[^'\\]*)'\s*")


class Jmes:
    """JMESPath as a path language.

    `keep_blank` takes an empty text for a value, not for a missing one. `models` reads canonical models: their fields
    are what an object's keys are in a tree.
    """

    itself = "@"

    def __init__(self, *, keep_blank: bool = False, models: bool = False) -> None:
        self._keep_blank = keep_blank
        self.view: View | None = view if models else None

    def enter(self, root: Data) -> Data:
        """Return the node itself, a model as a tree."""
        return root if self.view is None else self.view(root)

    def place_of_root(self, root: Data) -> TreePlace:
        """Return the empty place."""
        return ()

    def path(self, text: str) -> Path:
        """Return a path to a value."""
        found = self._parsed(text)
        read, steps = found.read, found.steps
        go = read if self.view is None else _viewing(read, self.view)
        local = found.climb == 0
        key = steps[0] if local and steps is not None and len(steps) == 1 else None
        key = key if isinstance(key, str) and key != STAR else None
        return Path(
            text,
            get=read if self._keep_blank else blank_to_none(read),
            go=go,
            many=_list(go, key, self.view),
            one_or_many=_some(go, self.view),
            local=local,
            locate=found.locate,
            place=found.place,
            places=found.places,
            key=key,
            steps=steps if local else None,
            reaches=None if steps is None else lambda node, scope: go(node, scope) is not None,
            climb=max(found.climb, 0),
        )

    def node(self, text: str) -> Path:
        """Return the same as `path`: trees have no other nodes than values."""
        return self.path(text)

    def condition(self, text: str) -> Path:
        """Return a condition: what is null, false or empty is False, as JMESPath has it."""
        path = self.path(text)
        holds = self._equation(text) or _truth(path.go)
        return replace(
            path, get=holds, go=holds, many=holds, one_or_many=holds, key=None, steps=None, reaches=None
        )

    def _parsed(self, text: str) -> "_Parsed":
        climb, rest = _split_prefix(with_numbers(text))
        steps = parse_plain(rest)
        if steps is None:
            read = searcher(rest, deep_view if self.view is not None else None)
        else:
            read = compile_plain(steps) if self.view is None else compile_viewed(steps, self.view)
        return _Parsed(rest, climb, steps, _from(climb, read), self.view)

    def _equation(self, text: str) -> Getter | None:
        """Return a closure for `path == 'word'` and `path != 'word'`, the conditions that mappings mostly have."""
        match = _EQUATION.fullmatch(text)
        if match is None:
            return None
        found = self._parsed(match["path"])
        if found.steps is None or STAR in found.steps:
            return None
        read, word = found.read, match["word"]
        if match["sign"] == "==":
            return lambda node, scope: bool(read(node, scope) == word)
        return lambda node, scope: bool(read(node, scope) != word)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """A path taken apart: how far out it starts (-1: at the root), its steps if it is plain, and how it is read."""

    rest: str
    climb: int
    steps: Steps | None
    read: Getter
    view: View | None

    def locate(self, scope: Scope, wire: Wire) -> tuple[str, Position | None]:
        """Return the name of what is looked for, and where it is, or the nearest known place."""
        base = _climbed(self.climb, scope)
        if self.steps is not None:
            place = place_of(base.place, base.node, self.steps, self.view)
            return wire.name(place), wire.position(place)
        inside = f"{wire.name(base.place)} → " if base.place else ""
        found = self._object(scope)
        return f"{inside}{self.rest}", wire.position(base.place if found is None else found)

    def _object(self, scope: Scope) -> TreePlace | None:
        """Return the place of the object that the library finds, which is one of the tree's own; no text is."""
        try:
            found = self.read(scope.node, scope)
        except Refusal:
            return None
        return find_nodes(scope.root.node, [found])[0] if is_object(found) else None

    def place(self, scope: Scope) -> TreePlace:
        """Return the place of a node."""
        return self.places(scope, [self.read(scope.node, scope)], each=False)[0]

    def places(self, scope: Scope, items: list[Data], *, each: bool = True) -> list[TreePlace]:
        """Return the places of the items of a list; for what the library found, that of the items themselves."""
        base = _climbed(self.climb, scope)
        if self.steps is not None and STAR not in self.steps:
            whole: TreePlace = place_of(base.place, base.node, self.steps, self.view)
            return [(*whole, i) for i in range(len(items))] if each else [whole]
        return [place or base.place for place in find_nodes(scope.root.node, items)]


def _split_prefix(text: str) -> tuple[int, str]:
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


def _from(climb: int, read: Getter) -> Getter:
    if climb == 0:
        return read
    if climb < 0:
        return lambda _node, scope: read(scope.root.node, scope.root)

    def outer(_node: Data, scope: Scope) -> Data:
        base = _climbed(climb, scope)
        return read(base.node, base)

    return outer


def _viewing(read: Getter, look: View) -> Getter:
    return lambda node, scope: look(read(node, scope))


def _list(go: Getter, key: str | None, look: View | None) -> Getter:
    def many(node: Data, scope: Scope) -> Data:
        found = go(node, scope)
        if found is None:
            return None
        if found.__class__ is list:
            return found if look is None else [look(item) for item in found]
        kind = "an object" if is_object(found) else "a single value"
        reason = f"a list is expected, and this is {kind}"
        raise Refusal(f"{reason}; say `one_or_many: true` if the partner leaves the list out around one item")

    def keyed(node: Data, scope: Scope) -> Data:
        found = node.get(key) if node.__class__ is dict else None
        return found if found.__class__ is list else many(node, scope)

    return keyed if key is not None and look is None else many


def _some(go: Getter, look: View | None) -> Getter:
    def some(node: Data, scope: Scope) -> Data:
        found = go(node, scope)
        if found is None:
            return None
        items = found if found.__class__ is list else [found]
        return items if look is None else [look(item) for item in items]

    return some


def _truth(go: Getter) -> Getter:
    def holds(node: Data, scope: Scope) -> bool:
        found = go(node, scope)
        return found is not None and found is not False and found not in ("", [], {})

    return holds
