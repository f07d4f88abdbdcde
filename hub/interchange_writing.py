"""Documents as the sets of an interchange: from a mapping's tree, checked by the partner's own grammar."""

from collections.abc import Iterator

from core.errors import DocumentError, Problem
from core.exchange import shapes
from core.exchange.numbers import Numbers
from core.exchange.profile import PartnerProfile
from hub.envelopes import delimiters_with, version_with
from mappings.data import Data, is_object
from mappings.errors import MappingError, Severity
from mappings.syntax.edi.ack.collecting import Outlines, collect
from mappings.syntax.edi.ack.composing import Body
from mappings.syntax.edi.charsets import Charset
from mappings.syntax.edi.model import Fault
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.options import FUNCTIONAL_IDS
from mappings.syntax.edi.tree_writing import TreeWriter


def body_of(kind: str, tree: Data, profile: PartnerProfile, charset: Charset) -> Body:
    """Return a mapping's tree as a set; raise `DocumentError` with the path of what can't be written."""
    if not is_object(tree):
        raise DocumentError((Problem("a set is written from an object of segments", source=kind),))
    try:
        segments = tuple(TreeWriter(delimiters_with(profile), charset).segments(tree))
    except MappingError as error:
        raise _refused(error, kind) from error
    functional_id = FUNCTIONAL_IDS.get(kind, "") if profile.standard == "x12" else ""
    return Body(kind, segments, functional_id, version_with(profile))


def _refused(error: MappingError, kind: str | None = None) -> DocumentError:
    return DocumentError(
        tuple(Problem(p.reason, field=p.target, value=p.value, source=kind) for p in error.problems)
    )


def check_draft(draft: shapes.Draft, reading: Reading, profile: PartnerProfile) -> None:
    """Read what would be sent: an error of ours is found here, not by the partner. Raise `DocumentError`."""
    numbers = Numbers(1, tuple(range(1, draft.groups + 1)), tuple(range(1, len(draft.sets) + 1)))
    try:
        written = draft.write(numbers)
    except MappingError as error:
        raise _refused(error) from error
    faults = [
        fault
        for fault in _faults(collect([written], reading))
        if fault.severity is Severity.ERROR and fault.code not in profile.tolerate
    ]
    if faults:
        raise DocumentError(tuple(problem_of(fault) for fault in faults))


def _faults(found: Outlines) -> Iterator[Fault]:
    yield from found.faults
    for interchange in found.interchanges:
        yield from interchange.faults
        for group in interchange.groups:
            yield from group.faults
            for one in group.sets:
                yield from one.faults


def problem_of(fault: Fault) -> Problem:
    """Return a fault as the hub records it: its place, field and value."""
    at = fault.position
    element = "" if at.element is None else f"{at.element:02d}"
    place = f"segment {at.segment}" if at.segment is not None else f"offset {at.offset}"
    return Problem(
        f"{fault.message} ({fault.code})",
        field=f"{fault.tag or ''}{element}" or None,
        value=fault.value,
        source=place,
    )
