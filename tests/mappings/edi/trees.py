"""Sets as trees, as the packaged grammars nest them."""

from functools import cache
from typing import Any

from mappings.syntax.edi.events import GroupBegin, InterchangeBegin, SetBegin
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from mappings.syntax.edi.model import Segment
from mappings.syntax.edi.reading import read_events
from mappings.syntax.edi.tree import Shapes, Tree


@cache
def packaged() -> GrammarLibrary:
    return GrammarLibrary(GrammarFolders())


def trees_in(raw: bytes, shapes: Shapes | None = None) -> list[Tree]:
    """The trees of all sets in one interchange."""
    found: list[Tree] = []
    around: InterchangeBegin | None = None
    group: GroupBegin | None = None
    for event in read_events([raw]):
        if isinstance(event, InterchangeBegin):
            around = event
        elif isinstance(event, GroupBegin):
            group = event
        elif isinstance(event, SetBegin):
            assert around is not None
            found.append(Tree(event, around, group, shapes, around.charset.text))
        elif isinstance(event, Segment):
            found[-1].add(event)
    for tree in found:
        tree.close()
    return found


def tree_of(raw: bytes, shapes: Shapes | None = None) -> Any:
    (found,) = trees_in(raw, shapes)
    return found.root
