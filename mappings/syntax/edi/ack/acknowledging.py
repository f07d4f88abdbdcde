"""What goes back for an interchange: which acknowledgements, by what was agreed."""

from mappings.syntax.edi.ack.composing import Body, Plain
from mappings.syntax.edi.ack.contrl import contrl
from mappings.syntax.edi.ack.functional import functional, ta1
from mappings.syntax.edi.ack.verdict import Verdict
from mappings.syntax.edi.model import Delimiters, Standard


def acknowledged(
    verdict: Verdict, how: str, marks: Delimiters, *, asked: bool = False
) -> tuple[tuple[Body, ...], Plain | None]:
    """Return the sets, and the TA1, that answer an interchange; neither where nothing is to be said.

    `how` is `997`, `999` or `contrl`; by any other word no set is written. A TA1 goes out where ISA14 or a fault of the
    envelope wants one, whatever `how` is; or where somebody has `asked` for it. `marks` are what is written with.
    """
    if verdict.outline.standard is Standard.EDIFACT:
        body = contrl(verdict) if how == "contrl" else None
        return (() if body is None else (body,)), None
    bodies = functional(verdict, "999" if how == "999" else "997", marks) if how in {"997", "999"} else ()
    return bodies, ta1(verdict, asked=asked)
