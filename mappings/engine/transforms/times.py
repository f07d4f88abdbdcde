"""Transforms of dates and times. What is read always ends as an aware time in UTC, or as a date."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import field_validator

from mappings.data import Data
from mappings.engine.transforms.base import (
    DATE,
    NUMBER,
    TEXT,
    TIME,
    Args,
    Run,
    Transform,
    kind_of,
    number_of,
    text_of,
)
from mappings.errors import Refusal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDTHS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2, "%y": 2}
_DIRECTIVES = frozenset("YmdHMSyfzbBaAjpIZ%") - {"Z"}
_LONGEST = 60

Parse = Callable[[str], datetime]
Moment = TypeVar("Moment", bound=date)


def _zone(name: str | None) -> tzinfo | None:
    """Return a zone of the IANA database by its name; raise ValueError for an unknown one."""
    if name is None:
        return None
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"there is no time zone {name!r}; it is named as in `Europe/London`") from None


class FormatArgs(Args):
    """`iso`, `unix`, `unix_ms`, `rfc2822`, or directives as in `%Y-%m-%d`."""

    format: str = "iso"

    @field_validator("format")
    @classmethod
    def _directives_are_known(cls, text: str) -> str:
        for directive in re.findall(r"%(.?)", text):
            if directive not in _DIRECTIVES or not directive:
                raise ValueError(f"%{directive} can't be used in a date's format")
        if "%" not in text and text not in ("iso", "unix", "unix_ms", "rfc2822"):
            raise ValueError(
                f"{text!r} is no format: it is iso, unix, unix_ms, rfc2822 or has directives like %Y"
            )
        return text


class TimeArgs(FormatArgs):
    """The zone of times that don't say their own, and what an hour that comes twice a year means."""

    zone: str | None = None
    ambiguous: Literal["earlier", "later", "refuse"] = "earlier"


class WriteArgs(FormatArgs):
    """The zone to write times in; UTC if not said."""

    zone: str = "UTC"


def _datetime(args: TimeArgs, _tools: object) -> Run:
    zone = _zone(args.zone)
    if args.format in ("unix", "unix_ms"):
        return _from_unix(1 if args.format == "unix" else 1000)
    parse = _parser(args.format)

    def run(value: Data) -> datetime:
        found = value if isinstance(value, datetime) else _parsed(parse, text_of(value), args.format)
        if found.tzinfo is None:
            if zone is None:
                raise Refusal("this time has no zone; say `zone:` in the transform")
            found = _placed(found, zone, args.ambiguous)
        return _in_utc(found)

    return run


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise Refusal("this time is out of range") from None


def _placed(moment: datetime, zone: tzinfo, ambiguous: str) -> datetime:
    """Return a local time in its zone; one that the clocks skip is an error, one that comes twice is as agreed."""
    first, second = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if _in_utc(first).astimezone(zone).replace(tzinfo=None) != moment:
        raise Refusal(f"the clocks of {zone} skip this time")
    if ambiguous == "refuse":
        raise Refusal(f"this time comes twice in {zone}; ask the partner for its offset")
    return first if ambiguous == "earlier" else second


def _parser(form: str) -> Parse:
    if form == "iso":
        return datetime.fromisoformat
    if form == "rfc2822":
        return parsedate_to_datetime
    return _fixed(form) or (lambda text: datetime.strptime(text, form))  # noqa: DTZ007 - the zone is added by `_placed`


def _fixed(form: str) -> Parse | None:
    """Return a parser of a format whose parts all have a width: strptime takes eight times as long."""
    parts = re.split(r"(%.)", form)
    names = [part for part in parts if part in _WIDTHS]
    if any(part.startswith("%") and part not in _WIDTHS for part in parts) or len(set(names)) != len(names):
        return None
    if not {"%Y", "%m", "%d"} <= set(names):
        return None
    pattern = "".join(f"([0-9]{{{_WIDTHS[part]}}})" if part in _WIDTHS else re.escape(part) for part in parts)
    regex = re.compile(pattern)
    order = [names.index(name) if name in names else None for name in ("%Y", "%m", "%d", "%H", "%M", "%S")]

    def parse(text: str) -> datetime:
        match = regex.fullmatch(text)
        if match is None:
            raise ValueError(text)
        found = match.groups()
        year, month, day, hour, minute, second = (0 if i is None else int(found[i]) for i in order)
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is added by `_placed`

    return parse if "%y" not in names else None


def _parsed(parse: Callable[[str], Moment], text: str, form: str) -> Moment:
    """Return a date or time; whatever the parser says about a text that is none, this says it alike."""
    if len(text) <= _LONGEST and text.isascii():
        try:
            return parse(text)
        except (ValueError, OverflowError, TypeError, IndexError):
            pass
    raise Refusal(f"this is not a date or time in the format {form}")


def _from_unix(per_second: int) -> Run:
    def run(value: Data) -> datetime:
        text = isinstance(value, str)
        if text and not re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,6})?", value):
            raise Refusal("this is not a count of seconds or milliseconds")
        count = Decimal(value) if text else number_of(value)
        try:
            return _EPOCH + timedelta(microseconds=int(count * (1_000_000 // per_second)))
        except (OverflowError, ArithmeticError):
            raise Refusal("this time is out of range") from None

    return run


def _date(args: FormatArgs, _tools: object) -> Run:
    if args.format.startswith("unix"):
        raise ValueError("a count of seconds is a time: use `datetime`")
    parse: Callable[[str], date] = date.fromisoformat if args.format == "iso" else _parser(args.format)

    def run(value: Data) -> date:
        if isinstance(value, datetime):
            raise Refusal("a time is not a date: say in which zone with `format_datetime`")
        if isinstance(value, date):
            return value
        found = _parsed(parse, text_of(value), args.format)
        return found.date() if isinstance(found, datetime) else found

    return run


def _format_datetime(args: WriteArgs, _tools: object) -> Run:
    zone = _zone(args.zone) or UTC

    def run(value: Data) -> object:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise Refusal(f"a time with its zone is expected here, and this is {kind_of(value)}")
        if args.format.startswith("unix"):
            per_second = 1 if args.format == "unix" else 1000
            return (value - _EPOCH) // timedelta(microseconds=1_000_000 // per_second)
        moment = value.astimezone(zone)
        if args.format == "iso":
            return moment.isoformat().replace("+00:00", "Z")
        if args.format == "rfc2822":
            return f"{moment:%a, %d %b %Y %H:%M:%S %z}"
        return moment.strftime(args.format)

    return run


def _format_date(args: WriteArgs, _tools: object) -> Run:
    if args.format.startswith("unix"):
        raise ValueError("a date has no count of seconds: use `format_datetime`")
    zone, form = _zone(args.zone) or UTC, args.format

    def run(value: Data) -> str:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise Refusal("this time has no zone")
            value = value.astimezone(zone).date()
        if not isinstance(value, date):
            raise Refusal(f"a date is expected here, and this is {kind_of(value)}")
        return (
            value.isoformat() if form == "iso" else value.strftime("%d %b %Y" if form == "rfc2822" else form)
        )

    return run


_READ, _WRITE = frozenset({TEXT, NUMBER, TIME, DATE}), frozenset({TIME, DATE})

TIME_TRANSFORMS = (
    Transform("datetime", "A time, in UTC.", _READ, TIME, _datetime, TimeArgs, "format"),
    Transform("date", "A date.", frozenset({TEXT, DATE}), DATE, _date, FormatArgs, "format"),
    Transform(
        "format_datetime",
        "A time as a partner wants it written.",
        frozenset({TIME}),
        TEXT,
        _format_datetime,
        WriteArgs,
        "format",
    ),
    Transform(
        "format_date",
        "A date, or the date of a time in a zone, as text.",
        _WRITE,
        TEXT,
        _format_date,
        WriteArgs,
        "format",
    ),
)
