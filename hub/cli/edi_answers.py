"""What `orderhub edi ack` and `orderhub edi ledger` say."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from core.exchange.sending import rehearse
from hub.cli.edi_partners import Chosen
from hub.cli.edi_reports import fault_data
from hub.cli.looks import Column, section, table
from hub.interchanges import Partner
from mappings.syntax.edi.ack.acknowledging import acknowledged
from mappings.syntax.edi.ack.collecting import collect
from mappings.syntax.edi.ack.composing import (
    Body,
    EdifactEnvelope,
    Numbers,
    Plain,
    X12Envelope,
    counts,
    write_edifact,
    write_x12,
)
from mappings.syntax.edi.ack.outline import InterchangeOutline, set_control, set_type
from mappings.syntax.edi.ack.verdict import Agreement, Decision, Verdict, judge
from mappings.syntax.edi.charsets import SYNTAX_IDENTIFIERS
from mappings.syntax.edi.model import Standard
from mappings.syntax.edi.values import components, value

if TYPE_CHECKING:
    from hub.desk.interchanges import LedgerView


def answers(raw: bytes, chosen: Chosen, how: str | None) -> Iterator[dict[str, Any]]:
    """Yield what is accepted of each interchange, and its acknowledgement with numbers that count for nothing.

    `reason` says why one is not the partner's, which is neither taken nor answered.
    """
    partner = chosen.partner
    for outline in collect([raw], chosen.reading()).interchanges:
        strange = _nobody(outline) if partner is None else partner.strange(outline)
        verdict = _judged(outline, partner)
        lost = strange is not None
        yield {
            "control": outline.control,
            "sender": list(outline.sender),
            "receiver": list(outline.receiver),
            "decision": Decision.REJECTED.value if lost else verdict.decision.value,
            "reason": strange,
            "faults": [fault_data(fault) for fault in verdict.faults],
            "sets": [
                {
                    "type": set_type(one.outline, outline), "control": set_control(one.outline, outline),
                    "decision": Decision.REJECTED.value if lost else one.decision.value,
                    "faults": [fault_data(fault) for fault in one.faults],
                }
                for group in verdict.groups for one in group.sets
            ],
            "acknowledgement": None if lost else _written(verdict, how, partner),
        }  # fmt: skip


def _nobody(outline: InterchangeOutline) -> str | None:
    """Return why nobody can be answered; None where a sender is named."""
    if outline.sender[1].strip():
        return None
    where = "ISA06" if outline.standard is Standard.X12 else "UNB, 0004"
    return f"interchange {outline.control or 'without a number'} names no sender to be answered ({where})"


def _judged(outline: InterchangeOutline, partner: Partner | None) -> Verdict:
    return (
        judge(outline, Agreement(production=not outline.is_test))
        if partner is None
        else partner.verdict(outline)
    )


def _written(verdict: Verdict, how: str | None, partner: Partner | None) -> str | None:
    """Return the acknowledgement as it would be sent; None where there is none."""
    outline = verdict.outline
    if partner is not None:
        draft = partner.acknowledgement(verdict, how)
        return None if draft is None else partner.charset.shown(rehearse(draft).decode("latin-1"))
    is_x12 = outline.standard is Standard.X12
    by = how or ("997" if is_x12 else "contrl")
    bodies, segment = acknowledged(verdict, by, outline.delimiters, asked=how == "ta1")
    if segment is None and not bodies:
        return None
    return _x12(outline, bodies, segment).decode("latin-1") if is_x12 else _edifact(outline, bodies)


def _x12(outline: InterchangeOutline, bodies: tuple[Body, ...], segment: Plain | None) -> bytes:
    marks, head = outline.delimiters, outline.head
    group = next((g.head for g in outline.groups if g.head is not None), None)
    ids = (value(group, 3, marks), value(group, 2, marks)) if group is not None else ("", "")
    envelope = X12Envelope(
        outline.receiver, outline.sender, *ids, datetime.now(UTC), marks, value(head, 12, marks),
        value(group, 8, marks) if group is not None else "", outline.is_test,
    )  # fmt: skip
    groups, sets = counts(bodies)
    return write_x12(
        envelope, Numbers(1, tuple(range(1, groups + 1)), tuple(range(1, sets + 1))), bodies, segment
    )


def _edifact(outline: InterchangeOutline, bodies: tuple[Body, ...]) -> str:
    marks = outline.delimiters
    charset = [*components(outline.head, 1, marks), "", ""]
    envelope = EdifactEnvelope(
        outline.receiver, outline.sender, datetime.now(UTC), marks, (charset[0], charset[1]), outline.is_test,
        una=bool(outline.written),
    )  # fmt: skip
    codec = SYNTAX_IDENTIFIERS.get(charset[0], "latin-1")
    return write_edifact(envelope, Numbers(1, (), (1,)), bodies, codec).decode(codec)


def drawn(ledger: "LedgerView", *, wide: bool) -> list[RenderableType]:
    """Draw the ledger."""
    shown: list[RenderableType] = [
        table(_INTERCHANGES, ledger.interchanges, wide=wide, empty="no interchange is in the ledger")
    ]
    if ledger.expected:
        shown.append(section("documents that are expected", table(_EXPECTED, ledger.expected, wide=wide)))
    return shown


_INTERCHANGES = [
    Column("when", lambda one: one.recorded_at, keep=True),
    Column("", lambda one: one.direction),
    Column("connector", lambda one: one.connector),
    Column("number", lambda one: one.control, right=True),
    Column("sets", lambda one: one.sets, right=True),
    Column("status", lambda one: one.status),
    Column("answer due", lambda one: one.due_at, keep=True),
    Column("late since", lambda one: one.overdue_since, keep=True),
    Column("pair", lambda one: one.pair, wide=True),
    Column("why", lambda one: one.reason, wide=True),
]
_EXPECTED = [
    Column("connector", lambda one: one.connector),
    Column("wanted", lambda one: one.kind),
    Column("about", lambda one: one.reference),
    Column("after", lambda one: one.after),
    Column("since", lambda one: one.since, keep=True),
    Column("due", lambda one: one.due_at, keep=True),
    Column("late since", lambda one: one.overdue_since, keep=True),
]
