"""What arrives at the warehouse: files read strictly, by the published schema, and then kept or put aside."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from connectors.warehouse.simulator.papers import NAMESPACE, SCHEMA, Element
from core.premises.orders import Label, Order
from core.premises.trays import InTray

_MAX_BYTES = 1024 * 1024
_PREFIXES = ("release-", "cancel-")


@dataclass(frozen=True, slots=True)
class Stop:
    """The wish to stop a release."""

    release_id: str
    site: str
    file: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A file that is none of these; its name may say which release it was meant for."""

    release_id: str | None
    reason: str
    file: str


class Inbox(InTray):
    """The folder that the warehouse empties."""

    def take(self) -> Iterator[Order | Stop | Malformed]:
        """Yield what is in each new file, releases before cancellations; a file is moved once it was dealt with."""
        for file in sorted(self.files(), key=lambda file: file.name.startswith("cancel-")):
            found = _read(file)
            yield found
            self.done(file, could_read=not isinstance(found, Malformed))


def _read(file: Path) -> Order | Stop | Malformed:
    try:
        root = _parsed(file)
    except (etree.LxmlError, ValueError) as error:
        return Malformed(_named_by(file.name), str(error), file.name)
    if root.tag == f"{{{NAMESPACE}}}ReleaseOrder":
        return _order(root, file.name)
    if root.tag == f"{{{NAMESPACE}}}CancelOrder":
        return Stop(_text(root, "ReleaseId"), _text(root, "Site"), file.name)
    what = etree.QName(root).localname
    return Malformed(_named_by(file.name), f"{what} is nothing that a warehouse takes", file.name)


def _parsed(file: Path) -> Element:
    if file.stat().st_size > _MAX_BYTES:
        message = f"the file is larger than {_MAX_BYTES} bytes"
        raise ValueError(message)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(file.read_bytes(), parser)
    if root.getroottree().docinfo.doctype:
        message = "a document type is not taken"
        raise ValueError(message)
    SCHEMA.assertValid(root)
    return root


def _order(root: Element, file: str) -> Order:
    lines: Counter[str] = Counter()
    for line in root.iterfind(".//{*}Line"):
        lines[_text(line, "Sku")] += int(_text(line, "Quantity"))
    for moment in root.iterfind(".//{*}CreatedAt"):
        moment.text = ""  # when it was written is not what it says
    digest = hashlib.sha256(etree.tostring(root, method="c14n")).hexdigest()
    header = root.find("{*}Header")
    if header is None:
        message = "the schema lets no release pass without a header"
        raise LookupError(message)
    return Order(
        release_id=_text(header, "ReleaseId"),
        reference=_text(header, "CustomerReference"),
        site=_text(header, "Site"),
        lines=dict(lines),
        file=file,
        digest=digest,
        labels=tuple(
            Label(_text(parcel, "Carrier"), _text(parcel, "TrackingNumber"))
            for parcel in root.iterfind("{*}Parcels/{*}Parcel")
        ),
    )


def _text(parent: Element, name: str) -> str:
    return " ".join((parent.findtext(f"{{*}}{name}") or "").split())


def _named_by(file: str) -> str | None:
    """Return the release that a file's name speaks of: `release-ID.xml`, `cancel-ID-xxxxxxxx.xml`."""
    for prefix in _PREFIXES:
        if file.startswith(prefix) and file.endswith(".xml"):
            name = file.removeprefix(prefix).removesuffix(".xml")
            return unquote(name.rpartition("-")[0] if prefix == "cancel-" else name) or None
    return None
