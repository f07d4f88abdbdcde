"""The warehouse's documents, written by hand as its schema says."""

from collections.abc import Iterable

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "urn:warehouse-exchange:1"


def answers(*parts: str) -> bytes:
    """Return a file of answers."""
    return _document("Answers", parts)


def answer(
    release: str = "R-1", outcome: str = "ACC", more: str = "", at: str = "2026-11-20T13:00:00+01:00"
) -> str:
    """Return one answer."""
    return f"<Answer><ReleaseId>{release}</ReleaseId><At>{at}</At><Outcome>{outcome}</Outcome>{more}</Answer>"


def dispatches(*parts: str) -> bytes:
    """Return a file of dispatches."""
    return _document("DispatchAdvice", parts)


def dispatch(
    release: str = "R-1",
    shipment: str = "P-1",
    at: str = "2026-11-20T12:00:00Z",
    sku: str = "CUP",
    quantity: str = "2",
) -> str:
    """Return one parcel."""
    return (
        f"<Dispatch><ReleaseId>{release}</ReleaseId><ShipmentId>{shipment}</ShipmentId><DispatchedAt>{at}</DispatchedAt>"
        f"<Carrier>DHL</Carrier><TrackingNumber>00340434161094042557</TrackingNumber>"
        f"<Lines><Line><Sku>{sku}</Sku><Quantity>{quantity}</Quantity></Line></Lines></Dispatch>"
    )


def receipts(*parts: str) -> bytes:
    """Return a file of return receipts."""
    return _document("ReturnReceipts", parts)


def receipt(condition: str = "A", site: str = "berlin") -> str:
    """Return one receipt."""
    return (
        f"<Receipt><ReturnId>T-1</ReturnId><ReleaseId>R-1</ReleaseId><Site>{site}</Site>"
        f"<ReceivedAt>2026-11-20T12:00:00Z</ReceivedAt><Condition>{condition}</Condition>"
        "<Lines><Line><Sku>CUP</Sku><Quantity>1</Quantity></Line></Lines></Receipt>"
    )


def stock(
    *lines: str, head: str = "H;berlin;ON_HAND;2026-11-20T12:00:00Z", count: int | None = None
) -> bytes:
    """Return a stock report."""
    return "\r\n".join([head, *lines, f"T;{len(lines) if count is None else count}", ""]).encode()


def _document(root: str, parts: Iterable[str]) -> bytes:
    return f'{_HEAD}<{root} xmlns="{_NAMESPACE}" version="1">{"".join(parts)}</{root}>'.encode()
