"""Reads the segments and loops of a set, in order.

set 850 | Purchase order
  BEG! CUR REF:*
  loop N1:200
    N1! N2:2 N3:2 N4:*
"""

from mappings.syntax.edi.grammar.shapes import Dictionary, Item, Loop, Use
from mappings.syntax.edi.grammar.text import Complaints, Line
from mappings.syntax.edi.grammar.words import read_use


def read_items(lines: list[Line], dictionary: Dictionary, complaints: Complaints) -> tuple[Item, ...]:
    """Return the segments and loops that `lines` name."""
    items: list[Item] = []
    for line in lines:
        if line.keyword == "loop":
            items += [loop for loop in [_loop(line, dictionary, complaints)] if loop]
            continue
        for word in line.words:
            use = read_segment(word, line, dictionary, complaints)
            items += [use] if use else []
        for inner in line.under:
            complaints.add(inner.mark, "only the lines of a loop are indented: write `loop NAME` above")
    return tuple(items)


def read_segment(word: str, line: Line, dictionary: Dictionary, complaints: Complaints) -> Use | None:
    """Return the use of a segment that `word` says; None, and a complaint, for one that isn't known."""
    tag, required, most = read_use(word, line.mark, complaints)
    if not tag:
        return None
    if tag not in dictionary.segments:
        complaints.unknown(line.mark, "segment", tag, list(dictionary.segments))
        return None
    return Use(tag, required, most, line.mark)


def _loop(line: Line, dictionary: Dictionary, complaints: Complaints) -> Loop | None:
    if len(line.words) != 2:  # noqa: PLR2004 - the keyword and a name
        complaints.add(line.mark, "write `loop NAME:COUNT`, and its segments in the lines under it")
        return None
    name, required, most = read_use(line.words[1], line.mark, complaints)
    items = read_items(line.under, dictionary, complaints)
    first = items[0] if items else None
    if not isinstance(first, Use) or not first.required or first.most != 1:
        complaints.add(
            line.mark, f"the loop {name} must start with a mandatory segment that stands once: `N1!`"
        )
        return None
    return Loop(name, required, most, items, line.mark)
