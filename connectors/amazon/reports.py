"""Reads the processing report of an XML feed: what became of each of its messages (ProcessingReport.xsd)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from core.errors import RetryableError

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Amazon says against a message."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """A feed's end. Only errors are listed: a message that is not named in a complete report was carried out."""

    feed_id: str
    complete: bool
    """False: the feed was cut off (FATAL, CANCELLED), and nobody knows what became of messages that are not named."""
    body: bytes = b""
    refusals: Mapping[str, Refusal] = field(default_factory=dict[str, Refusal])
    """By message id; under "0" what is said against the whole feed."""

    def against(self, message: str) -> Refusal | None:
        """Return what is said against a message."""
        return self.refusals.get(message) or self.refusals.get("0")


def read_report(feed_id: str, body: bytes, *, complete: bool) -> Report:
    """Read a report; one that can't be read raises `RetryableError`, for it may be had again."""
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise RetryableError(f"the report of feed {feed_id} is not XML: {error}") from error
    found = root if root.tag == "ProcessingReport" else root.find("Message/ProcessingReport")
    if found is None:
        raise RetryableError(f"the report of feed {feed_id} holds no ProcessingReport")
    refusals = {
        (result.findtext("MessageID") or "0").strip(): Refusal(
            (result.findtext("ResultMessageCode") or "error").strip(),
            " ".join((result.findtext("ResultDescription") or "no reason given").split())[:400],
        )
        for result in found.iterfind("Result")
        if result.findtext("ResultCode") == "Error"
    }
    if found.findtext("StatusCode") == "Rejected" and not refusals:
        refusals["0"] = Refusal("Rejected", "Amazon refuses the whole feed, and does not say why")
    return Report(feed_id, complete and found.findtext("StatusCode") != "Processing", body, refusals)
