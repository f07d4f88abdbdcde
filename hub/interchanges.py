"""Interchanges as the ledger knows them, out of X12 and EDIFACT as `mappings` knows them, by a partner's profile."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from core.clock import Clock
from core.errors import DocumentError, HubError
from core.exchange import shapes
from core.exchange.numbers import Numbers
from core.exchange.profile import MEDIA_TYPES, PartnerProfile, pair_of
from core.exchange.sending import digest
from core.exchange.xml_profile import XmlProfile
from core.ports import RawDocument
from hub.envelopes import (
    agreement_of,
    charset_with,
    delimiters_with,
    edifact_envelope,
    x12_envelope,
)
from hub.interchange_writing import body_of, check_draft, problem_of
from hub.partner_grammars import overlaid
from hub.xml_partners import XmlPartner
from mappings.data import Data
from mappings.syntax.edi.ack import composing
from mappings.syntax.edi.ack.acknowledging import acknowledged
from mappings.syntax.edi.ack.answers import Acknowledgement
from mappings.syntax.edi.ack.collecting import Outlines, alone, collect
from mappings.syntax.edi.ack.composing import Body, Plain
from mappings.syntax.edi.ack.outline import (
    ANSWERS,
    InterchangeOutline,
    group_control,
    set_control,
    set_type,
)
from mappings.syntax.edi.ack.reading import read_answer
from mappings.syntax.edi.ack.verdict import (
    Agreement,
    Decision,
    GroupVerdict,
    SetVerdict,
    Verdict,
    duplicate,
    judge,
)
from mappings.syntax.edi.charsets import Charset, agreed
from mappings.syntax.edi.grammar import GrammarLibrary
from mappings.syntax.edi.heading import Heading
from mappings.syntax.edi.model import Fault, Grammars
from mappings.syntax.edi.opened import Reading

_LONGEST_NOTE = 300
"""Characters of what an APERAK says of one error."""
_STANDINGS = {
    Decision.ACCEPTED: shapes.Standing.ACCEPTED,
    Decision.WITH_ERRORS: shapes.Standing.WITH_ERRORS,
    Decision.PARTLY: shapes.Standing.PARTLY,
    Decision.REJECTED: shapes.Standing.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Partners:
    """Makes partners of profiles. Fills `core.connector.Edi`."""

    clock: Clock
    grammars: GrammarLibrary | None = None

    def partner(self, profile: PartnerProfile) -> "Partner":
        """Return what a connector needs of EDI with this partner; raise `HubError` for overlays that can't be used."""
        try:
            charset = charset_with(profile)
        except ValueError as error:
            raise HubError(f"partner.charset: {error}") from None
        grammars = self.grammars if profile.overlays is None else overlaid([profile.overlays], self.grammars)
        return Partner(profile, self.clock, grammars, charset)

    def xml_partner(self, profile: XmlProfile) -> XmlPartner:
        """Return what a connector needs to exchange plain XML documents with this partner."""
        return XmlPartner(profile)


@dataclass(frozen=True, slots=True)
class Partner:
    """Takes one partner's files, and drafts interchanges for it. Fills `core.connector.EdiPartner`."""

    profile: PartnerProfile
    clock: Clock
    grammars: Grammars | None = None
    charset: Charset = field(default_factory=lambda: agreed("utf-8"))
    """Of what we write; of what we read in X12 too, which names none."""

    # --- in ----------------------------------------------------------------------------------------------------

    def take(self, raw: RawDocument) -> tuple[shapes.Received, ...]:
        """Return a file's interchanges; raise `DocumentError` for a file that holds none."""
        found = collect([raw.body], self.reading)
        if not found.interchanges:
            raise DocumentError(tuple(problem_of(fault) for fault in found.faults))
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
            profile.outward, digest(body[start:end]), MEDIA_TYPES[outline.standard.value],
            timedelta(days=policy.window_days), policy.other_bytes == "take", policy.same_bytes == "ignore",
            timedelta(hours=profile.acknowledge_within_h), rule,
        )  # fmt: skip

    def _ruling(
        self, outline: InterchangeOutline, body: bytes, outside: Sequence[Fault], *, refused: bool
    ) -> shapes.Ruling:
        if (strange := self.strange(outline)) is not None:
            return shapes.Ruling(shapes.Standing.REJECTED, strange)
        verdict = self.verdict(outline, refused=refused)
        pairs = [(group, one) for group in verdict.groups for one in group.sets]
        taken = [(g, s) for g, s in pairs if s.decision is not Decision.REJECTED]
        documents = [(g, s) for g, s in taken if set_type(s.outline, outline) not in ANSWERS]
        lost = verdict.decision is Decision.REJECTED
        rejected = [] if lost else [(g, s) for g, s in pairs if s.decision is Decision.REJECTED]
        sets = tuple(self._taken(g, s, outline, body) for g, s in documents)
        return shapes.Ruling(
            _standing(verdict, bool(rejected)), verdict.cause.message if verdict.cause else None,
            tuple(problem_of(fault) for fault in verdict.faults), sets,
            (*(_refused(g, s, outline) for g, s in rejected), *(_outside(fault) for fault in outside)),
            () if lost else tuple(_answers(outline, taken)), self.acknowledgement(verdict),
            tuple(wish for one in sets for wish in self._wishes(one.kind, one.references)),
        )  # fmt: skip

    def strange(self, heading: Heading) -> str | None:
        """Return why an interchange is not this partner's, and so is neither taken nor answered; None where it is."""
        if heading.standard.value == self.profile.standard and heading.sender == self.profile.theirs.named:
            return None
        sender = f"{':'.join(heading.sender)} in {heading.standard.value}"
        return f"interchange {heading.control} is from {sender}, which is not this connector's partner"

    def verdict(self, outline: InterchangeOutline, *, refused: bool = False) -> Verdict:
        """Return what is accepted of an interchange of this partner's; `refused`: its number came before."""
        return judge(outline, self.agreement, [duplicate(outline)] if refused else [])

    @property
    def agreement(self) -> Agreement:
        """What was agreed about what is taken."""
        return agreement_of(self.profile)

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

    def acknowledgement(self, verdict: Verdict, how: str | None = None) -> shapes.Draft | None:
        """Return what is to be said of an interchange; None where nothing is. `how`: other than agreed, or `ta1`."""
        profile = self.profile
        by = how or profile.acknowledges_by
        bodies, segment = acknowledged(verdict, by, delimiters_with(profile), asked=how == "ta1")
        return self._draft(bodies, (), segment) if bodies or segment is not None else None

    def draft_of(self, kind: str, tree: Data, reference: str | None) -> shapes.Draft:
        """Return an interchange of one document; raise `DocumentError`."""
        body = body_of(kind, tree, self.profile, self.charset)
        hours = self.profile.acknowledged_within_h if self.profile.expect_acknowledgement else None
        within = None if hours is None else timedelta(hours=hours)
        wishes = tuple(self._wishes(kind, (reference,))) if reference else ()
        draft = replace(self._draft((body,), (reference,), None), answer_within=within, wishes=wishes)
        check_draft(draft, self.reading, self.profile)
        return draft

    @property
    def reading(self) -> Reading:
        """How the partner's files are read: by its overlays, in its character set."""
        return Reading(self.grammars, self.charset if self.profile.standard == "x12" else agreed("utf-8"))

    def _draft(
        self, bodies: tuple[Body, ...], references: Sequence[str | None], segment: Plain | None
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
        now = self.clock.now()

        def write(numbers: Numbers) -> bytes:
            drawn = composing.Numbers(numbers.interchange, numbers.groups, numbers.sets)
            if is_x12:
                return composing.write_x12(x12_envelope(self.profile, now), drawn, bodies, segment)
            # Values hold a byte in each character already: `charset` has made them.
            return composing.write_edifact(edifact_envelope(self.profile, now), drawn, bodies, "latin-1")

        def name(numbers: Numbers) -> str:
            return f"{numbers.interchange:09d}.{'x12' if is_x12 else 'edi'}"

        return shapes.Draft(
            self.profile.outward, len(keys), sets, write, name, MEDIA_TYPES[self.profile.standard]
        )


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
        tuple(problem_of(fault) for fault in faults[:100]),
    )  # fmt: skip


def _outside(fault: Fault) -> shapes.RefusedSet:
    return shapes.RefusedSet(
        "", "", "", f"bytes outside of interchanges: {fault.message}", (problem_of(fault),)
    )


def _answers(
    outline: InterchangeOutline, taken: Sequence[tuple[GroupVerdict, SetVerdict]]
) -> list[shapes.PartnerAnswer]:
    """Return what the accepted acknowledgements say; one that can't be read raises `MappingError`."""
    marks = outline.delimiters
    read = [read_answer("TA1", (segment,), marks) for segment in outline.ta1]
    for _, one in taken:
        kind = set_type(one.outline, outline)
        if kind in ANSWERS:
            read.append(read_answer(kind, one.outline.segments, marks))
    return [answer for found in read for answer in _said(found)]


def _said(found: Acknowledgement) -> list[shapes.PartnerAnswer]:
    interchange = None if found.interchange is None else number(found.interchange)
    standing = None if found.decision is None else _STANDINGS[found.decision]
    if found.kind == "APERAK":
        why = tuple(f"{note.code} {note.text}".strip()[:_LONGEST_NOTE] for note in found.notes)
        return [shapes.PartnerAnswer(found.kind, None, None, standing, (), why, found.document or "")]
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
