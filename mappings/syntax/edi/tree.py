"""One transaction set or message as a tree of dict and list, for paths to go through.

    {"type": "850", "version": "004010", "control": "0001",
     "interchange": {…}, "group": {…},
     "ST": {"01": "850", "02": "0001"},
     "BEG": {"01": "00", "02": "SA", "03": "PO-1"},
     "REF": [{"01": "DP", "02": "099"}],
     "N1": [{"N1": {"01": "ST"}, "N3": [{"01": "1 Example Street"}]}],
     "PO1": [{"PO1": {"01": "1", "02": "5"}, "PID": […]}]}

A segment has its elements by number; of a composite `02` is the first component and `02_2` the second; where an element
is repeated, `02_all` has all of it. With a grammar a loop is a list of what is in it, the segment that opens it first,
and a segment that may stand once is an object. Everything else is a list, whatever is there: a path holds for every
document, or for none. Levels of HL are nested under their parents, as `HL_S`, `HL_O`, `HL_P`, `HL_I` (HL03).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mappings.data import Data, is_list
from mappings.errors import Severity
from mappings.syntax.edi.events import GroupBegin, InterchangeBegin, SetBegin
from mappings.syntax.edi.grammar.shapes import Item, Loop, SetShape
from mappings.syntax.edi.model import (
    Fault,
    Grammars,
    Level,
    Place,
    Segment,
    SetCheck,
    SetKey,
    Standard,
)
from mappings.syntax.edi.values import place, repetitions

Node = dict[str, Data]
HL = "HL"
ALL, MORE = "_all", "_more"
LEVEL = f"{HL}_"
_BEHIND_LEVELS = frozenset({"CTT", "SE"})
"""What stands behind the last HL and is in no level, where no grammar says so."""


class Shapes(Grammars, Protocol):
    """Grammars that also say what their sets look like."""

    def shape(self, key: SetKey) -> SetShape | None:
        """Return a set's grammar, or None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Which segment a node of the tree is made of."""

    segment: Segment
    number: int


class Tree:
    """A set's tree while it is built, and which segments it is made of."""

    def __init__(
        self, begin: SetBegin, around: InterchangeBegin, group: GroupBegin | None, shapes: Shapes | None,
        text: Callable[[str], str],
    ) -> None:  # fmt: skip
        self.root: Node = described(begin, around, group, text)
        self.spots: dict[int, Spot] = {}
        self.faults: list[Fault] = []
        self._text = text
        self._delimiters = around.delimiters
        self._check: SetCheck | None = None
        self._single = single_uses(())
        if shapes is not None:
            self._check = shapes.check_for(begin.key, around.delimiters)
            shape = shapes.shape(begin.key)
            self._single = single_uses(shape.items) if shape is not None else self._single
        self._levels = begin.key.standard is Standard.X12
        self._open: list[tuple[str, Node]] = []
        self._parents: dict[str, Node] = {}
        self._number = 0

    def add(self, segment: Segment) -> None:
        """Put the next segment where it belongs."""
        self._number += 1
        if self._check is not None:
            self.faults += self._check.take(segment, self._number)
            at = self._check.place
        else:
            at = self._flat(segment.tag)
        node = self._segment(segment)
        if at is None:
            loops = tuple(name for name, _ in self._open)
        else:
            loops = at.loops
            self._go_to(at, segment, node)
        parent = self._open[-1][1] if self._open else self.root
        self._keep(
            parent, segment.tag, node, single=segment.tag == HL or (loops, segment.tag) in self._single
        )

    def close(self) -> None:
        """Look for what is missing at the end."""
        if self._check is not None:
            self.faults += self._check.close()

    # --- where a segment belongs -------------------------------------------------------------------------------

    def _flat(self, tag: str) -> Place:
        """Without a grammar only the levels of HL are known."""
        if tag == HL and self._levels:
            return Place((HL,), opens=True)
        if tag in _BEHIND_LEVELS:
            self._levels = False
        return Place((HL,) if self._levels and self._parents else ())

    def _go_to(self, at: Place, segment: Segment, node: Node) -> None:
        kept = len(at.loops) - at.opens
        same = 0
        while same < min(kept, len(self._open)) and self._open[same][0] == at.loops[same]:
            same += 1
        del self._open[same:]
        for name in at.loops[same:]:
            opened: Node = {}
            self.spots[id(opened)] = Spot(segment, self._number)
            parent = self._open[-1][1] if self._open else self.root
            if name == HL and segment.tag == HL:
                self._level(parent, opened, segment, node)
            else:
                parent.setdefault(name, []).append(opened)
            self._open.append((name, opened))

    def _level(self, outside: Node, opened: Node, segment: Segment, node: Node) -> None:
        """Put a level under its parent, which HL02 names."""
        number, above, code = (str(node.get(key, "")) for key in ("01", "02", "03"))
        parent = outside
        if above:
            if above in self._parents:
                parent = self._parents[above]
            else:
                self.faults.append(_no_parent(segment, self._number, above))
        parent.setdefault(f"{LEVEL}{code}", []).append(opened)
        self._parents[number] = opened

    # --- segments ----------------------------------------------------------------------------------------------

    def _segment(self, segment: Segment) -> Node:
        node: Node = {}
        delimiters, text = self._delimiters, self._text
        marks = [mark for mark in (delimiters.component, delimiters.repetition, delimiters.release) if mark]
        for element, raw in enumerate(segment.fields[1:], 1):
            if not raw:
                continue
            if not any(mark in raw for mark in marks):
                node[f"{element:02}"] = text(raw)
                continue
            found = repetitions(segment, element, delimiters)
            for key, part in _components(found[0], text):
                node[f"{element:02}{key}"] = part
            if len(found) > 1:
                node[f"{element:02}{ALL}"] = [
                    {f"{i:02}": text(part) for i, part in enumerate(one, 1) if part} for one in found
                ]
        self.spots[id(node)] = Spot(segment, self._number)
        return node

    def _keep(self, parent: Node, tag: str, node: Node, *, single: bool) -> None:
        if single and tag not in parent:
            parent[tag] = node
            return
        known: Data = parent.get(tag) if not single else None
        if known is not None and not is_list(known):
            single = True
        beside: list[Node] = parent.setdefault(f"{tag}{MORE}" if single else tag, [])
        beside.append(node)


def _components(parts: Sequence[str], text: Callable[[str], str]) -> Iterable[tuple[str, str]]:
    for number, part in enumerate(parts, 1):
        if part:
            yield ("" if number == 1 else f"_{number}"), text(part)


def _no_parent(segment: Segment, number: int, above: str) -> Fault:
    message = f"HL02 names the level {above[:20]!r}, and no HL before it has that number"
    return Fault(
        "HL02-unknown", message, Level.ELEMENT, place(segment, 2, number), tag=HL, loop=HL, reference="734",
        value=above[:20], standard_code="7", severity=Severity.ERROR,
    )  # fmt: skip


def single_uses(items: Iterable[Item], loops: tuple[str, ...] = ()) -> frozenset[tuple[tuple[str, ...], str]]:
    """Return the segments that stand at most once in each of the loops around them, with these loops."""
    out: set[tuple[tuple[str, ...], str]] = set() if loops else {((), tag) for tag in _SERVICE}
    seen: set[str] = set()
    for item in items:
        if isinstance(item, Loop):
            out |= single_uses(item.items, (*loops, item.name))
        elif item.most == 1 and item.tag not in seen:
            out.add((loops, item.tag))
        else:
            out.discard((loops, item.tag))
        seen.add(item.name if isinstance(item, Loop) else item.tag)
    return frozenset(out)


_SERVICE = ("ST", "SE", "UNH", "UNT")


def described(
    begin: SetBegin, around: InterchangeBegin, group: GroupBegin | None, text: Callable[[str], str]
) -> Node:
    """Return what a tree says of its set, and of the envelopes around it."""
    root: Node = {
        "type": begin.key.type, "version": begin.key.version, "control": begin.control,
        "interchange": _decoded(interchange_node(around), text),
    }  # fmt: skip
    if group is not None:
        root["group"] = _decoded(group_node(group, around), text)
    return root


def _decoded(node: Node, text: Callable[[str], str]) -> Node:
    return {key: text(value) if isinstance(value, str) else value for key, value in node.items()}


def interchange_node(around: InterchangeBegin) -> Node:
    """Return the envelope's values under names that both families share."""
    date, time = around.prepared
    return {
        "standard": around.standard.value, "sender": around.sender[1], "sender_qualifier": around.sender[0],
        "receiver": around.receiver[1], "receiver_qualifier": around.receiver[0], "control": around.control.strip(),
        "date": date, "time": time, "test": around.is_test,
    }  # fmt: skip


def group_node(group: GroupBegin, around: InterchangeBegin) -> Node:
    """Return the group's values: GS01…GS08, UNG."""
    fields = group.head.fields + [""] * 9
    node = {"type": group.type, "control": group.control}
    if around.standard is Standard.X12:
        return node | {"sender": fields[2], "receiver": fields[3], "version": fields[8]}
    sender, receiver = (repetitions(group.head, i, around.delimiters) or [[""]] for i in (2, 3))
    return node | {"sender": sender[0][0], "receiver": receiver[0][0]}
