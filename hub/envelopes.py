"""A partner's profile as `mappings.syntax.edi` knows it: delimiters, character set, envelopes, what is agreed."""

from datetime import datetime

from core.exchange.profile import PartnerProfile
from mappings.syntax.edi.ack.composing import (
    USUAL_X12_ENVELOPE,
    EdifactEnvelope,
    X12Envelope,
    syntax_of,
    usual_delimiters,
)
from mappings.syntax.edi.ack.verdict import Agreement
from mappings.syntax.edi.charsets import Charset, agreed, charset_of
from mappings.syntax.edi.model import Delimiters, Standard

_X12_CHARSET = "utf-8"


def agreement_of(profile: PartnerProfile) -> Agreement:
    """Return what a profile says about what is taken."""
    return Agreement(
        frozenset(profile.receives) or None, profile.ours.named, profile.mode == "production",
        profile.content_errors, frozenset(profile.tolerate),
    )  # fmt: skip


def charset_with(profile: PartnerProfile) -> Charset:
    """Return what our bytes mean to this partner; raise ValueError for a character set that there isn't."""
    if profile.standard == "x12":
        return agreed(profile.charset or _X12_CHARSET)
    return charset_of(syntax_of(profile.envelope)[0])


def delimiters_with(profile: PartnerProfile) -> Delimiters:
    """Return what we write with."""
    chosen = profile.delimiters
    if chosen is None:
        return usual_delimiters(Standard(profile.standard), profile.envelope)
    return Delimiters(chosen.segment, chosen.element, chosen.component, chosen.repetition, chosen.release)


def version_with(profile: PartnerProfile) -> str:
    """Return GS08, or what stands behind the type in UNH."""
    version, association = profile.version, profile.association
    if profile.standard == "x12":
        return version
    return ":".join(part for part in (version[0], version[1:], "UN", association) if part)


def x12_envelope(profile: PartnerProfile, now: datetime) -> X12Envelope:
    """Return ISA and GS but for their numbers."""
    return X12Envelope(
        profile.ours.named, profile.theirs.named, profile.ours.group_id or profile.ours.id,
        profile.theirs.group_id or profile.theirs.id, now, delimiters_with(profile),
        profile.envelope or USUAL_X12_ENVELOPE, profile.version, profile.mode == "test",
    )  # fmt: skip


def edifact_envelope(profile: PartnerProfile, now: datetime) -> EdifactEnvelope:
    """Return UNB but for its number."""
    return EdifactEnvelope(
        profile.ours.named, profile.theirs.named, now, delimiters_with(profile), syntax_of(profile.envelope),
        profile.mode == "test", una=profile.delimiters is not None,
    )  # fmt: skip
