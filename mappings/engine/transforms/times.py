"""Transforms of dates and times. What is read always ends as an aware time in UTC, or as a date."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime, parsedate_to_datetime
from typing import Literal, TypeVar

from pydantic import field_validator

from mappings.data import Data
from mappings.engine.scope import Scope
from mappings.engine.transforms.base import (
    DATE,
    NUMBER,
    TEXT,
    TIME,
    Args,
    InScope,
    Run,
    RunInScope,
    Tools,
    Transform,
    kind_of,
    number_of,
    text_of,
)
from mappings.engine.transforms.zones import ZoneArgs, in_zone, placed, zone_of
from mappings.errors import Refusal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDTHS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2, "%y": 2}
_DIRECTIVES = frozenset("YmdHMSyfzbBaAjpIZ%") - {"Z"}
_LONGEST = 60

Parse = Callable[[str], datetime]
Moment = TypeVar("Moment", bound=date)


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


class TimeArgs(FormatArgs, ZoneArgs):
    """The zone of times that don't say their own, and what an hour that comes twice a year means."""

    ambiguous: Literal["earlier", "later", "refuse"] = "earlier"


class WriteArgs(FormatArgs, ZoneArgs):
    """The zone to write times in; UTC if not said."""


def _datetime(args: TimeArgs, tools: Tools) -> Run | InScope:
    if args.format in ("unix", "unix_ms"):
        return _from_unix(1 if args.format == "unix" else 1000)
    parse, zone = _parser(args.format), zone_of(args, tools)

    def run(value: Data, node: Data, scope: Scope) -> datetime:
        found = value if isinstance(value, datetime) else _parsed(parse, text_of(value), args.format)
        if found.tzinfo is None:
            there = zone(value, node, scope)
            if there is None:
                raise Refusal("this time has no zone; say `zone:` in the transform")
            found = placed(found, there, args.ambiguous)
        return in_zone(found, UTC)

    return _alone_if(args.zone_from is None, run)


def _alone_if(alone: bool, run: RunInScope) -> Run | InScope:  # noqa: FBT001 - it is what the name asks
    """Return a function that doesn't look around as one of its value alone: nothing is made ready for it then."""
    nowhere = Scope.start(None, {})
    return (lambda value: run(value, None, nowhere)) if alone else InScope(run)


def _parser(form: str) -> Parse:
    if form == "iso":
        return datetime.fromisoformat
    if form == "rfc2822":
        return parsedate_to_datetime
    return _fixed(form) or (lambda text: datetime.strptime(text, form))  # noqa: DTZ007 - the zone is added by `placed`


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
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is added by `placed`

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


def _format_datetime(args: WriteArgs, tools: Tools) -> Run | InScope:
    zone, form = zone_of(args, tools), args.format
    as_it_is = form == "iso" and args.zone is None and args.zone_from is None

    def run(value: Data, node: Data, scope: Scope) -> object:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise Refusal(f"a time with its zone is expected here, and this is {kind_of(value)}")
        if form.startswith("unix"):
            per_second = 1 if form == "unix" else 1000
            return (value - _EPOCH) // timedelta(microseconds=1_000_000 // per_second)
        if as_it_is and not value.utcoffset():
            return value.isoformat()[:-6] + "Z"
        moment = in_zone(value, zone(value, node, scope) or UTC)
        if form == "iso":
            return moment.isoformat().replace("+00:00", "Z")
        # `%a` and `%b` would speak the language of the machine.
        return format_datetime(moment) if form == "rfc2822" else moment.strftime(form)

    return _alone_if(args.zone_from is None, run)


def _format_date(args: WriteArgs, tools: Tools) -> Run | InScope:
    if args.format in ("unix", "unix_ms", "rfc2822"):
        raise ValueError(f"a date isn't written as {args.format}: use `format_datetime`")
    zone, form = zone_of(args, tools), args.format

    def run(value: Data, node: Data, scope: Scope) -> str:
        found = value
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise Refusal("this time has no zone")
            found = in_zone(value, zone(value, node, scope) or UTC).date()
        if not isinstance(found, date):
            raise Refusal(f"a date is expected here, and this is {kind_of(value)}")
        return found.isoformat() if form == "iso" else found.strftime(form)

    return _alone_if(args.zone_from is None, run)


_READ, _WRITE = frozenset({TEXT, NUMBER, TIME, DATE}), frozenset({TIME, DATE})
_WRITTEN, _WRITTEN_DATE = (
    "A time as a partner wants it written.",
    "A date, or the date of a time in a zone, as text.",
)

TIME_TRANSFORMS = (
    Transform("datetime", "A time, in UTC.", _READ, TIME, _datetime, TimeArgs, "format"),
    Transform("date", "A date.", frozenset({TEXT, DATE}), DATE, _date, FormatArgs, "format"),
    Transform("format_datetime", _WRITTEN, frozenset({TIME}), TEXT, _format_datetime, WriteArgs, "format"),
    Transform("format_date", _WRITTEN_DATE, _WRITE, TEXT, _format_date, WriteArgs, "format"),
)
