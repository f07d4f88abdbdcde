"""Plain XML documents as the ledger knows interchanges: each is one of a single document, known by its own id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.errors import DocumentError, Problem
from core.exchange import shapes
from core.exchange.numbers import Numbers
from core.exchange.profile import MEDIA_TYPES
from core.exchange.sending import digest
from core.exchange.words import CxmlWords, HttpWords
from core.exchange.xml_profile import CxmlProfile, XmlParty, XmlProfile
from core.ports import RawDocument
from hub.shared_secrets import put_in, taken_out
from hub.xml_headings import Ids, XmlHeading, cxml_heading, root_of, ubl_heading
from hub.xml_words import CxmlHttpWords, UblWords
from mappings.errors import Severity
from mappings.syntax.business.checking import check_business_xml

_NO_ACKNOWLEDGEMENT = timedelta(0)
"""Nothing is acknowledged here, so nothing of the kind is ever owed."""


@dataclass(frozen=True, slots=True)
class XmlPartner:
    """Takes one partner's documents, and drafts ours. Fills `core.connector.XmlPartner`."""

    profile: XmlProfile

    # --- in ----------------------------------------------------------------------------------------------------

    def take(self, raw: RawDocument) -> tuple[shapes.Received, ...]:
        """Return a file's document; raise `DocumentError` for a file that holds none."""
        profile = self.profile
        read = cxml_heading if profile.standard == "cxml" else ubl_heading
        heading = read(root_of(raw.body))
        policy = profile.duplicates

        def rule(refused: bool) -> shapes.Ruling:  # noqa: FBT001 - the shape says so
            return self._ruling(heading, raw.body, refused=refused)

        return (
            shapes.Received(
                heading.identity, profile.inward, profile.outward, digest(raw.body),
                MEDIA_TYPES[profile.standard], timedelta(days=policy.window_days), policy.other_bytes == "take",
                policy.same_bytes == "ignore", _NO_ACKNOWLEDGEMENT, rule,
            ),
        )  # fmt: skip

    def _ruling(self, heading: XmlHeading, body: bytes, *, refused: bool) -> shapes.Ruling:
        objection = self._objection(heading)
        if objection is None and refused:
            objection = (
                f"{heading.identity} came before: a document that says something else needs an id of its own; "
                "where the partner can't do that, `take` in partner.duplicates.other_bytes lets it in"
            )
        if objection is not None:
            return shapes.Ruling(shapes.Standing.REJECTED, objection)
        taken = shapes.TakenSet(heading.kind, "", heading.identity, body, references=heading.references)
        wishes = tuple(self._wishes(heading.kind, heading.references))
        return shapes.Ruling(shapes.Standing.ACCEPTED, sets=(taken,), wishes=wishes)

    def _objection(self, heading: XmlHeading) -> str | None:
        """Return why a document is not taken, whatever is in it; None where nothing speaks against it."""
        profile = self.profile
        if not _is(profile.theirs, heading.sender):
            return (
                f"{heading.identity} is from {_shown(heading.sender)}, which is not this connector's partner"
            )
        if not _is(profile.ours, heading.receiver):
            return f"{heading.identity} is for {_shown(heading.receiver)}, which is not us (partner.ours)"
        if isinstance(profile, CxmlProfile) and heading.mode != profile.mode:
            return f"{heading.identity} is for {heading.mode}, and partner.mode is {profile.mode}"
        if profile.receives and heading.kind not in profile.receives:
            return f"{heading.identity}: {heading.kind} is not among partner.receives, so it isn't taken"
        return None

    def _wishes(self, kind: str, references: Sequence[str]) -> list[shapes.Wish]:
        return [
            shapes.Wish(expected.wants, reference, kind, timedelta(hours=expected.within_h))
            for expected in self.profile.expects
            if expected.after == kind
            for reference in references
        ]

    def as_stored(self, raw: bytes) -> bytes:
        """Return what came without the secrets in it."""
        return taken_out(raw) if self.profile.standard == "cxml" else raw

    def words(self) -> HttpWords:
        """Return how its standard uses HTTP."""
        return self.cxml_words() or UblWords()

    def cxml_words(self) -> CxmlWords | None:
        """Return cXML's own words for a door; None for a partner that speaks UBL."""
        return CxmlHttpWords(self.profile) if isinstance(self.profile, CxmlProfile) else None

    # --- out ---------------------------------------------------------------------------------------------------

    def draft_of(self, kind: str, body: bytes, reference: str | None) -> shapes.Draft:
        """Return a document to be sent; raise `DocumentError` where it lacks what its standard can't do without."""
        report = check_business_xml(body)
        wrong = [fault for fault in report.faults if fault.severity is Severity.ERROR]
        if wrong:
            raise DocumentError(tuple(Problem(one.message, field=one.loop, source=kind) for one in wrong))

        def write(_numbers: Numbers) -> bytes:
            return body

        wishes = tuple(self._wishes(kind, (reference,))) if reference else ()
        return shapes.Draft(
            self.profile.outward, 0, (shapes.SentSet(kind, reference=reference),), write, _name,
            MEDIA_TYPES[self.profile.standard], wishes=wishes,
        )  # fmt: skip

    def as_sent(self, body: bytes) -> bytes:
        """Return stored bytes with the secret that is added only while they are sent."""
        if not isinstance(self.profile, CxmlProfile):
            return body
        secret = self.profile.shared_secret
        return put_in(body, None if secret is None else secret.get_secret_value())


def _name(numbers: Numbers) -> str:
    return f"{numbers.interchange:09d}.xml"


def _is(party: XmlParty, said: Ids) -> bool:
    """Say whether a document's ids are a party's. Ids of other schemes, or none at all, say nothing against it."""
    ours = party.scheme.casefold()  # NetworkID and NetworkId are both written
    known = [number for scheme, number in said if not (scheme and ours) or scheme.casefold() == ours]
    return not known or party.id in known


def _shown(said: Ids) -> str:
    return " or ".join(":".join(part for part in one if part) for one in said)
