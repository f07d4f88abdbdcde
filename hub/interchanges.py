"""Interchanges as the ledger knows them, out of X12 and EDIFACT as `mappings` knows them, by a partner's profile."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from core.clock import Clock
from core.connector import SetBody
from core.errors import DocumentError, Problem
from core.exchange import shapes
from core.exchange.numbers import Numbers
from core.exchange.profile import PartnerProfile, pair_of
from core.exchange.sending import digest
from core.ports import RawDocument
from mappings.syntax.edi.ack import composing
from mappings.syntax.edi.ack.answers import Acknowledgement
from mappings.syntax.edi.ack.collecting import Outlines, alone, collect
from mappings.syntax.edi.ack.composing import Body, EdifactEnvelope, X12Envelope
from mappings.syntax.edi.ack.contrl import contrl
from mappings.syntax.edi.ack.functional import functional, ta1
from mappings.syntax.edi.ack.outline import (
    ACKNOWLEDGEMENTS,
    InterchangeOutline,
    SetOutline,
    group_control,
    set_control,
    set_type,
)
from mappings.syntax.edi.ack.reading import read_contrl, read_functional, read_ta1
from mappings.syntax.edi.ack.verdict import (
    Agreement,
    Decision,
    GroupVerdict,
    SetVerdict,
    Verdict,
    duplicate,
    judge,
)
from mappings.syntax.edi.charsets import SYNTAX_IDENTIFIERS
from mappings.syntax.edi.model import Delimiters, Fault, Grammars
from mappings.syntax.edi.opened import Reading

_STANDINGS = {
    Decision.ACCEPTED: shapes.Standing.ACCEPTED,
    Decision.WITH_ERRORS: shapes.Standing.WITH_ERRORS,
    Decision.PARTLY: shapes.Standing.PARTLY,
    Decision.REJECTED: shapes.Standing.REJECTED,
}
_MEDIA_TYPES = {"x12": "application/edi-x12", "edifact": "application/edifact"}


@dataclass(frozen=True, slots=True)
class Partners:
    """Makes partners of profiles. Fills `core.connector.Edi`."""

    clock: Clock
    grammars: Grammars | None = None

    def partner(self, profile: PartnerProfile) -> "Partner":
        """Return what a connector needs of EDI with this partner."""
        return Partner(profile, self.clock, self.grammars)


@dataclass(frozen=True, slots=True)
class Partner:
    """Takes one partner's files, and drafts interchanges for it. Fills `core.connector.EdiPartner`."""

    profile: PartnerProfile
    clock: Clock
    grammars: Grammars | None = None

    # --- in ----------------------------------------------------------------------------------------------------

    def take(self, raw: RawDocument) -> tuple[shapes.Received, ...]:
        """Return a file's interchanges; raise `DocumentError` for a file that holds none."""
        found = collect([raw.body], Reading(self.grammars))
        if not found.interchanges:
            raise DocumentError(tuple(_problem(fault) for fault in found.faults))
        last = len(found.interchanges) - 1
        return tuple(
            self._received(one, raw.body, found if i == last else Outlines((), ()))
            for i, one in enumerate(found.interchanges)
        )

    def _received(self, outline: InterchangeOutline, body: bytes, outside: Outlines) -> shapes.Received:
        profile, policy = self.profile, self.profile.duplicates
        start, end = outline.span

        def rule(refused: bool) -> shapes.Ruling:  # noqa: FBT001 - the shape says so
            return self._ruling(outline, body, outside.faults, refused=refused)

        return shapes.Received(
            number(outline.control), pair_of(outline.standard.value, outline.sender, outline.receiver),
            profile.outward, digest(body[start:end]), _MEDIA_TYPES[outline.standard.value],
            timedelta(days=policy.window_days), policy.other_bytes == "take", policy.same_bytes == "ignore",
            timedelta(hours=profile.acknowledge_within_h), rule,
        )  # fmt: skip

    def _ruling(
        self, outline: InterchangeOutline, body: bytes, outside: Sequence[Fault], *, refused: bool
    ) -> shapes.Ruling:
        profile = self.profile
        if outline.standard.value != profile.standard or outline.sender != profile.theirs.named:
            sender = f"{':'.join(outline.sender)} in {outline.standard.value}"
            reason = f"interchange {outline.control} is from {sender}, which is not this connector's partner"
            return shapes.Ruling(shapes.Standing.REJECTED, reason)
        verdict = judge(outline, agreement_of(profile), [duplicate(outline)] if refused else [])
        pairs = [(group, one) for group in verdict.groups for one in group.sets]
        taken = [(g, s) for g, s in pairs if s.decision is not Decision.REJECTED]
        documents = [(g, s) for g, s in taken if set_type(s.outline, outline) not in ACKNOWLEDGEMENTS]
        lost = verdict.decision is Decision.REJECTED
        rejected = [] if lost else [(g, s) for g, s in pairs if s.decision is Decision.REJECTED]
        sets = tuple(self._taken(g, s, outline, body) for g, s in documents)
        return shapes.Ruling(
            _standing(verdict, bool(rejected)), verdict.cause.message if verdict.cause else None,
            tuple(_problem(fault) for fault in verdict.faults), sets,
            (*(_refused(g, s, outline) for g, s in rejected), *(_outside(fault) for fault in outside)),
            () if lost else tuple(_answers(outline, taken)), self.acknowledgement(verdict),
            tuple(wish for one in sets for wish in self._wishes(one.kind, one.references)),
        )  # fmt: skip

    def _taken(
        self, group: GroupVerdict, one: SetVerdict, outline: InterchangeOutline, body: bytes
    ) -> shapes.TakenSet:
        return shapes.TakenSet(
            set_type(one.outline, outline), number(group_control(group.outline, outline)),
            number(set_control(one.outline, outline)), alone(one.outline, group.outline, outline, body),
            _STANDINGS[one.decision], one.outline.references,
        )  # fmt: skip

    def _wishes(self, kind: str, references: Sequence[str]) -> list[shapes.Wish]:
        return [
            shapes.Wish(expected.wants, reference, kind, timedelta(hours=expected.within_h))
            for expected in self.profile.expects
            if expected.after == kind
            for reference in references
        ]

    # --- out ---------------------------------------------------------------------------------------------------

    def acknowledgement(self, verdict: Verdict) -> shapes.Draft | None:
        """Return what is to be said of an interchange; None where nothing is."""
        how = self.profile.acknowledges_by
        if self.profile.standard == "edifact":
            body = contrl(verdict) if how == "contrl" else None
            return None if body is None else self._draft((body,), (), None)
        marks = self._delimiters()
        bodies = functional(verdict, "999" if how == "999" else "997", marks) if how != "none" else ()
        segment = ta1(verdict)
        return self._draft(bodies, (), segment) if bodies or segment is not None else None

    def draft(self, bodies: Sequence[SetBody]) -> shapes.Draft:
        """Return an interchange of documents that waits for its numbers; the partner is to acknowledge it."""
        made = tuple(Body(b.kind, b.segments, b.functional_id, b.version or self._version()) for b in bodies)
        within = (
            timedelta(hours=self.profile.acknowledged_within_h)
            if self.profile.expect_acknowledgement
            else None
        )
        wishes = tuple(wish for b in bodies if b.reference for wish in self._wishes(b.kind, (b.reference,)))
        references = tuple(b.reference for b in bodies)
        return replace(self._draft(made, references, None), answer_within=within, wishes=wishes)

    def _draft(
        self, bodies: tuple[Body, ...], references: Sequence[str | None], segment: composing.Plain | None
    ) -> shapes.Draft:
        is_x12 = self.profile.standard == "x12"
        keys = list(dict.fromkeys((body.functional_id, body.version) for body in bodies)) if is_x12 else []
        sets = tuple(
            shapes.SentSet(
                body.type, keys.index((body.functional_id, body.version)) if is_x12 else None,
                references[i] if i < len(references) else None,
            )
            for i, body in enumerate(bodies)
        )  # fmt: skip
        x12, edifact = (self._x12(), None) if is_x12 else (None, self._edifact())

        def write(numbers: Numbers) -> bytes:
            drawn = composing.Numbers(numbers.interchange, numbers.groups, numbers.sets)
            if x12 is not None:
                return composing.write_x12(x12, drawn, bodies, segment)
            assert edifact is not None  # noqa: S101 - one of the two
            return composing.write_edifact(edifact, drawn, bodies, SYNTAX_IDENTIFIERS[edifact.charset[0]])

        def name(numbers: Numbers) -> str:
            return f"{numbers.interchange:09d}.{'x12' if is_x12 else 'edi'}"

        return shapes.Draft(
            self.profile.outward, len(keys), sets, write, name, _MEDIA_TYPES[self.profile.standard]
        )

    def _version(self) -> str:
        """Return GS08, or what stands behind the type in UNH."""
        version, association = self.profile.version, self.profile.association
        if self.profile.standard == "x12":
            return version
        return ":".join(part for part in (version[0], version[1:], "UN", association) if part)

    def _delimiters(self) -> Delimiters:
        chosen, envelope = self.profile.delimiters, self.profile.envelope
        if chosen is not None:
            return Delimiters(
                chosen.segment, chosen.element, chosen.component, chosen.repetition, chosen.release
            )
        if self.profile.standard == "x12":
            return Delimiters("~", "*", ">", "^" if envelope >= "00402" else None)
        return Delimiters("'", "+", ":", "*" if envelope.endswith("4") else None, "?")

    def _x12(self) -> X12Envelope:
        profile = self.profile
        return X12Envelope(
            profile.ours.named, profile.theirs.named, profile.ours.group_id or profile.ours.id,
            profile.theirs.group_id or profile.theirs.id, self.clock.now(), self._delimiters(),
            profile.envelope or "00401", profile.version, profile.mode == "test",
        )  # fmt: skip

    def _edifact(self) -> EdifactEnvelope:
        profile = self.profile
        identifier, _, version = (profile.envelope or "UNOC:3").partition(":")
        return EdifactEnvelope(
            profile.ours.named, profile.theirs.named, self.clock.now(), self._delimiters(), (identifier, version),
            profile.mode == "test", una=profile.delimiters is not None,
        )  # fmt: skip


def agreement_of(profile: PartnerProfile) -> Agreement:
    """Return what a profile says about what is taken."""
    return Agreement(
        frozenset(profile.receives) or None, profile.ours.named, profile.mode == "production",
        profile.content_errors, frozenset(profile.tolerate),
    )  # fmt: skip


def number(text: str) -> str:
    """Return a control number as the ledger keeps it: X12's are numbers, with zeros before them or without."""
    return str(int(text)) if text.isascii() and text.isdigit() else text


def _standing(verdict: Verdict, some_rejected: bool) -> shapes.Standing:  # noqa: FBT001 - one thing that it is about
    if verdict.decision is Decision.REJECTED:
        return shapes.Standing.REJECTED
    if some_rejected:
        return shapes.Standing.PARTLY
    noted = [verdict.decision, *(group.decision for group in verdict.groups)]
    return shapes.Standing.WITH_ERRORS if Decision.WITH_ERRORS in noted else shapes.Standing.ACCEPTED


def _refused(group: GroupVerdict, one: SetVerdict, outline: InterchangeOutline) -> shapes.RefusedSet:
    faults = one.faults or group.faults
    control = set_control(one.outline, outline)
    reason = f"set {control} is not taken: {faults[0].message if faults else 'its group is rejected'}"
    return shapes.RefusedSet(
        set_type(one.outline, outline), number(group_control(group.outline, outline)), number(control), reason,
        tuple(_problem(fault) for fault in faults[:100]),
    )  # fmt: skip


def _outside(fault: Fault) -> shapes.RefusedSet:
    return shapes.RefusedSet(
        "", "", "", f"bytes outside of interchanges: {fault.message}", (_problem(fault),)
    )


def _problem(fault: Fault) -> Problem:
    at = fault.position
    element = "" if at.element is None else f"{at.element:02d}"
    place = f"segment {at.segment}" if at.segment is not None else f"offset {at.offset}"
    return Problem(
        f"{fault.message} ({fault.code})",
        field=f"{fault.tag or ''}{element}" or None,
        value=fault.value,
        source=place,
    )


def _answers(
    outline: InterchangeOutline, taken: Sequence[tuple[GroupVerdict, SetVerdict]]
) -> list[shapes.PartnerAnswer]:
    """Return what the accepted acknowledgements say; one that can't be read raises `MappingError`."""
    marks = outline.delimiters
    read = [read_ta1(segment, marks) for segment in outline.ta1]
    for _, one in taken:
        kind = set_type(one.outline, outline)
        if kind in ACKNOWLEDGEMENTS:
            read.append(_read(one.outline, kind, marks))
    return [answer for found in read for answer in _said(found)]


def _read(one: SetOutline, kind: str, marks: Delimiters) -> Acknowledgement:
    return read_contrl(one.segments, marks) if kind == "CONTRL" else read_functional(one.segments, marks)


def _said(found: Acknowledgement) -> list[shapes.PartnerAnswer]:
    interchange = None if found.interchange is None else number(found.interchange)
    standing = None if found.decision is None else _STANDINGS[found.decision]
    whole = [] if interchange is None else [
        shapes.PartnerAnswer(found.kind, interchange, None, standing, (), found.codes)
    ]  # fmt: skip
    for group in found.groups:
        named = tuple(
            shapes.SetAnswer(
                number(one.control), _STANDINGS[one.decision], _detail(one.codes, len(one.notes))
            )
            for one in group.sets
        )
        whole.append(
            shapes.PartnerAnswer(
                found.kind,
                interchange,
                number(group.control) or None,
                _STANDINGS[group.decision],
                named,
                group.codes,
            )
        )
    return whole


def _detail(codes: Sequence[str], notes: int) -> str:
    said = [f"code {', '.join(codes)}"] if codes else []
    said += [f"{notes} segments are wrong"] if notes else []
    return "; ".join(said)
