"""Interchanges to read, with only what matters to a test said."""

from collections.abc import Iterable

from mappings.syntax.edi.events import Event, InterchangeBegin, SetEnd
from mappings.syntax.edi.model import Fault, Segment
from mappings.syntax.edi.opened import Reading
from mappings.syntax.edi.reading import read_events

ISA = "ISA*00*          *00*          *ZZ*ACME           *ZZ*HUB            *261120*0930*U*00401*000000007*0*P*>"


def x12(*segments: str, isa: str = ISA, end: str = "~", groups: int = 1) -> bytes:
    """One interchange around `segments`."""
    return "".join(one + end for one in (isa, *segments, f"IEA*{groups}*000000007")).encode("latin-1")


def group(*segments: str, sets: int = 1) -> tuple[str, ...]:
    return ("GS*PO*ACME*HUB*20261120*0930*7*X*004010", *segments, f"GE*{sets}*7")


def order(*segments: str, control: str = "0001", count: int | None = None) -> tuple[str, ...]:
    said = len(segments) + 2 if count is None else count
    return (f"ST*850*{control}", *segments, f"SE*{said}*{control}")


ORDER = x12(*group(*order("BEG*00*SA*PO-1**20261120", "PO1*1*5*EA*9.95**VN*CUP")))

UNB = "UNB+UNOC:3+4012345000009:14+4098765000010:14+261120:0930+77"


def edifact(*segments: str, una: str = "", unb: str = UNB, messages: int = 1, end: str = "'") -> bytes:
    lines = (unb, *segments, f"UNZ+{messages}+77")
    return (una + "".join(line + end for line in lines)).encode("latin-1")


def message(*segments: str, control: str = "1", count: int | None = None) -> tuple[str, ...]:
    said = len(segments) + 2 if count is None else count
    return (f"UNH+{control}+ORDERS:D:96A:UN", *segments, f"UNT+{said}+{control}")


ORDERS = edifact(*message("BGM+220+PO-1+9", "LIN+1++4000862141404:EN", "QTY+21:5"))


def events(*chunks: bytes, reading: Reading | None = None) -> list[Event]:
    return list(read_events(chunks, reading))


def faults_in(found: Iterable[Event]) -> list[Fault]:
    out: list[Fault] = []
    for event in found:
        out += [event] if isinstance(event, Fault) else getattr(event, "faults", ())
    return out


def codes(*chunks: bytes, reading: Reading | None = None) -> list[str]:
    return [fault.code for fault in faults_in(events(*chunks, reading=reading))]


def fault(raw: bytes, code: str, reading: Reading | None = None) -> Fault:
    """The one fault with this code."""
    found = [one for one in faults_in(events(raw, reading=reading)) if one.code == code]
    assert len(found) == 1, f"{code} is there {len(found)} times: {codes(raw, reading=reading)}"
    return found[0]


def segments_in(raw: bytes) -> list[Segment]:
    return [event for event in events(raw) if isinstance(event, Segment)]


def sets_in(raw: bytes) -> list[SetEnd]:
    return [event for event in events(raw) if isinstance(event, SetEnd)]


def begin(raw: bytes) -> InterchangeBegin:
    found = events(raw)[0]
    assert isinstance(found, InterchangeBegin)
    return found
