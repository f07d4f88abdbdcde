"""The named transforms: typed, exact, and explicit about what they refuse."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.data import Data
from mappings.engine.document import StepSpec
from mappings.engine.findings import Findings
from mappings.engine.jmes import Jmes
from mappings.engine.located import Node
from mappings.engine.scope import Scope
from mappings.engine.steps import Workbench, after
from mappings.engine.transforms.catalogue import TRANSFORMS
from mappings.errors import Mark, Refusal

MARK = Mark("m.yaml")


def node_of(value: Data) -> Node:
    if isinstance(value, dict):
        return Node({key: node_of(child) for key, child in value.items()}, MARK)
    if isinstance(value, list):
        return Node([node_of(child) for child in value], MARK)
    return Node(value, MARK)


def bench() -> Workbench:
    return Workbench(Jmes(), {}, {}, frozenset(), frozenset({"zone", "by"}), Findings(), set())


def spec(step: Data) -> StepSpec:
    name, arguments = next(iter(step.items())) if isinstance(step, dict) else (step, None)
    return StepSpec(name, None if arguments is None else node_of(arguments), MARK)


def run(value: Data, *steps: Data, node: Data = None, context: Mapping[str, object] | None = None) -> Data:
    made = bench()
    compiled = made.steps([spec(step) for step in steps])
    assert not made.findings.all, made.findings.all
    chain = after(compiled)
    assert chain is not None
    scope = Scope.start(node, context or {})
    return chain(value, node, scope)


def refusal(value: Data, *steps: Data, node: Data = None) -> str:
    with pytest.raises(Refusal) as caught:
        run(value, *steps, node=node)
    return caught.value.reason


def wrong(step: Data) -> str:
    made = bench()
    made.steps([spec(step)])
    (found,) = made.findings.all
    return found.message


@pytest.mark.parametrize(
    ("value", "steps", "result"),
    [
        (12, ["text"], "12"),
        (Decimal("1.50"), ["text"], "1.50"),
        (True, ["text"], "true"),
        (date(2026, 1, 2), ["text"], "2026-01-02"),
        ("Aß", ["upper"], "ASS"),
        ("AB", ["lower"], "ab"),
        ("  a \n b ", ["one_line"], "a b"),
        (" a ", ["strip"], "a"),
        ("--a-", [{"strip": "-"}], "a"),
        ("--", [{"strip": "-"}], None),
        ("abcdef", [{"slice": {"start": 1, "end": -1}}], "bcde"),
        ("ab", [{"slice": {"start": 5}}], None),
        ("7", [{"pad": {"width": 3, "with": "0"}}], "007"),
        (7, [{"pad": 3}], "  7"),
        ("ab", [{"pad": {"width": 4, "side": "right", "with": "."}}], "ab.."),
        ("abc", [{"length": 3}], "abc"),
        ("abc def", [{"truncate": 4}], "abc"),
        (5, [{"prefix": "N"}, {"suffix": "/1"}], "N5/1"),
        ("gid://5", [{"remove_prefix": "gid://"}, {"remove_suffix": "x"}], "5"),
        ("gid://", [{"remove_prefix": "gid://"}], None),
        ("a, b,,c", [{"split": ","}], ["a", "b", "c"]),
        ("a-b-c", [{"replace": {"text": "-", "with": "+"}}], "a+b+c"),
        ("a1b22", [{"replace": {"pattern": "[0-9]+"}}], "ab"),
        ("Doe, Ann", [{"replace": {"pattern": "([A-Za-z]+), ([A-Za-z]+)", "with": r"\2 \1"}}], "Ann Doe"),
        ("12", [{"replace": {"pattern": "[0-9]"}}], None),
        ("No 123/4", [{"extract": r"\d+"}], "123"),
        ("No 123/4", [{"extract": {"pattern": r"(\d+)/(\d+)", "group": 2}}], "4"),
        ("none", [{"extract": r"\d+"}], None),
        ("AB12", [{"matches": "[A-Z]{2}[0-9]+"}], "AB12"),
        ("a-1ä b", [{"keep": "alphanumeric"}], "a1b"),
        ("a-1", [{"keep": "digits"}], "1"),
        ("a-1", [{"keep": "letters"}], "a"),
        ("--", [{"keep": "digits"}], None),
        ("N/A", [{"none_if": ["N/A", "-"]}], None),
        (0, [{"none_if": 0}], None),
        ("x", [{"none_if": "N/A"}], "x"),
        ("a", [{"sha256": 16}], "ca978112ca1bbdca"),
        (["a", "b"], [{"join": ", "}], "a, b"),
        (["a", 1, None], ["join"], "a1"),
        (("a", "b"), [{"join": "-"}], "a-b"),
        ([], ["join"], None),
        (["a", "b"], [{"item": -1}], "b"),
        (["a", "b"], [{"item": 5}], None),
        (["A", None, " b "], [{"every": ["lower", "strip"]}], ["a", "b"]),
        (["7"], [{"every": [{"pad": {"width": 2, "with": "0"}}]}], ["07"]),
        (["a", "b", "a"], ["unique"], ["a", "b"]),
        ("12 Long Street, Flat 3", [{"wrap": 12}], ["12 Long", "Street, Flat", "3"]),
        (
            ("Flat 3", None, "12 Long Street"),
            [{"wrap": {"width": 10, "most": 3}}],
            ["Flat 3", "12 Long", "Street"],
        ),
        ("x" * 7, [{"wrap": 5}], ["xxxxx", "xx"]),
        (["a", "b"], ["count"], 2),
    ],
)
def test_texts_and_lists(value: Data, steps: list[Data], result: Data) -> None:
    assert run(value, *steps) == result


@pytest.mark.parametrize(
    ("value", "steps", "result"),
    [
        ("1.50", ["decimal"], "1.50"),
        ("-1.5", ["decimal"], "-1.5"),
        (".5", ["decimal"], "0.5"),
        ("5.", ["decimal"], "5"),
        (3, ["decimal"], "3"),
        (Decimal("2.0"), ["decimal"], "2.0"),
        ("1.234,50", [{"decimal": {"separator": ",", "thousands": "."}}], "1234.50"),
        ("1 234.5", [{"decimal": {"thousands": " "}}], "1234.5"),
        ("0001995", [{"decimal": {"implied": 2}}], "19.95"),
        (1995, [{"decimal": {"implied": 2}}], "19.95"),
        ("12.50-", [{"decimal": {"trailing_sign": True}}], "-12.50"),
        ("12.50", [{"decimal": {"trailing_sign": True}}], "12.50"),
        ("5.000", ["int"], "5"),
        (Decimal("7.0"), ["int"], "7"),
        (7, ["int"], "7"),
        (Decimal("2.345"), [{"round": 2}], "2.35"),
        (Decimal("2.345"), [{"round": {"places": 2, "mode": "half_even"}}], "2.34"),
        (Decimal("2.341"), [{"round": {"places": 2, "mode": "up"}}], "2.35"),
        (Decimal("-2.349"), [{"round": {"places": 2, "mode": "down"}}], "-2.34"),
        (5, ["negate"], "-5"),
        (Decimal(-5), ["absolute"], "5"),
        (Decimal("1.5"), [{"multiply": 1000}], "1500.0"),
        (Decimal("1.5"), [{"multiply": "0.1"}], "0.15"),
        (Decimal(1), [{"divide": {"by": 3, "places": 4}}], "0.3333"),
        (1995, [{"from_minor_units": "GBP"}], "19.95"),
        ("1995", [{"from_minor_units": "JPY"}], "1995"),
        (1995, [{"from_minor_units": "KWD"}], "1.995"),
        (Decimal("19.95"), [{"to_minor_units": "EUR"}], "1995"),
        (["1.10", 2, Decimal("0.05")], ["sum"], "3.15"),
        ([], ["sum"], "0"),
        (["1.1", 2], ["product"], "2.2"),
    ],
)
def test_numbers_are_exact(value: Data, steps: list[Data], result: str) -> None:
    found = run(value, *steps)
    assert not isinstance(found, float)
    assert Decimal(found) == Decimal(result)
    assert str(found) == result or steps == ["int"] or "sum" in steps


@pytest.mark.parametrize(
    ("value", "arguments", "result"),
    [
        (Decimal("19.9"), 2, "19.90"),
        (5, 2, "5.00"),
        (Decimal("1E+3"), None, "1000"),
        (Decimal("1234567.5"), {"places": 2, "thousands": ".", "separator": ","}, "1.234.567,50"),
        (Decimal("-19.95"), {"places": 2, "implied": True}, "-1995"),
        (Decimal("5.0"), {"places": 0}, "5"),
        (Decimal("5.0"), {"places": 0, "separator": ","}, "5"),
        (Decimal("0.00"), 2, "0.00"),
        (Decimal("-0.00"), 2, "0.00"),
        (Decimal("0.00000010"), 8, "0.00000010"),
        (Decimal("0.000001"), 6, "0.000001"),
        (Decimal("1E+20"), 2, "100000000000000000000.00"),
        (Decimal("1E+39"), 2, "1" + "0" * 39 + ".00"),
    ],
)
def test_numbers_are_written_as_partners_want_them(value: Data, arguments: Data, result: str) -> None:
    assert run(value, {"format_decimal": arguments}) == result


@pytest.mark.parametrize(
    ("value", "step", "reason"),
    [
        (5, "upper", "a text is expected here, and this is a number; put `text`"),
        (["a"], "text", "a single value is expected here, and this is a list"),
        ({"a": 1}, "text", "this is an object"),
        ("12345", {"pad": 3}, "5 characters, and 3 are allowed"),
        ("12345", {"length": 3}, "from 0 to 3 are allowed"),
        ("abc", {"matches": "[0-9]+"}, "doesn't match"),
        ("x" * 20_000, {"matches": "[0-9]+"}, "is tried on up to"),
        ("x" * 20_000, {"replace": {"pattern": "a+b"}}, "is tried on up to"),
        ("x" * 20_000, {"extract": "a+b"}, "is tried on up to"),
        ("\ud800", "sha256", "surrogate"),
        ("a", "sum", "a list is expected"),
        ([{}], "unique", "only single values"),
        ("1,5", "decimal", "not a number"),
        ("1_000", "decimal", "not a number"),
        ("1e5", "decimal", "not a number"),
        ("NaN", "decimal", "not a number"),
        ("٣", "decimal", "not a number"),
        (".", "decimal", "not a number"),
        ("1.2.3", "decimal", "not a number"),
        ("9" * 50, "decimal", "too long"),
        (True, "decimal", "this is true or false"),
        ("1.5", {"decimal": {"separator": ","}}, "with ',' before its decimals"),
        ("5.5", "int", "a whole number is expected"),
        (Decimal("1E+50"), "int", "too long"),
        ("x", {"round": 2}, "put `decimal` before"),
        (Decimal("1E+70"), {"round": 12}, "too long"),
        (Decimal("1E+40"), {"multiply": 10}, "too large"),
        (Decimal(1), {"divide": {"by": 0, "places": 2}}, "divided by zero"),
        (Decimal("1.995"), {"to_minor_units": "GBP"}, "finer than"),
        (Decimal("1.995"), {"format_decimal": 2}, "more than 2 decimals"),
        (Decimal("1.995"), {"format_decimal": {"places": 2, "implied": True}}, "more than 2 decimals"),
        (["9" * 40] * 2, "product", "too large"),
        (None, "decimal", "this is a NoneType"),
        ("a b c", {"wrap": {"width": 1, "most": 2}}, "3 lines, and there is room for 2 of 1 characters"),
    ],
)
def test_what_a_transform_can_not_take_is_refused(value: Data, step: Data, reason: str) -> None:
    assert reason in refusal(value, step)


def test_factors_and_currencies_can_come_from_elsewhere() -> None:
    node = {"q": 3, "c": "JPY", "t": "2.5"}
    assert run(Decimal("1.5"), {"multiply": {"by_from": "q"}}, node=node) == Decimal("4.5")
    assert run(5, {"divide": {"by_from": "t", "places": 1}}, node=node) == 2
    assert run(100, {"from_minor_units": {"currency_from": "c"}}, node=node) == 100
    assert run(Decimal(5), {"multiply": {"by_from": {"context": "by"}}}, context={"by": 2}) == 10
    assert "nothing at x" in refusal(Decimal(1), {"multiply": {"by_from": "x"}}, node=node)
    assert "no currency at x" in refusal(1, {"from_minor_units": {"currency_from": "x"}}, node=node)
    assert "ISO 4217" in refusal(1, {"to_minor_units": {"currency_from": "t"}}, node=node)


NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "arguments", "result"),
    [
        ("2026-07-01T12:00:00Z", None, NOON),
        ("2026-07-01T14:00:00+02:00", "iso", NOON),
        ("2026-07-01 13:00", {"zone": "Europe/London"}, NOON),
        ("2026-07-01T12:00", {"zone": "utc"}, NOON),
        ("20260701 1200", {"format": "%Y%m%d %H%M", "zone": "UTC"}, NOON),
        ("01/07/26 12", {"format": "%d/%m/%y %H", "zone": "UTC"}, NOON),
        ("1 Jul 2026 14:00 +0200", {"format": "%d %b %Y %H:%M %z"}, NOON),
        ("Wed, 01 Jul 2026 12:00:00 GMT", "rfc2822", NOON),
        (1782907200, "unix", NOON),
        ("1782907200.5", "unix", NOON + timedelta(seconds=0.5)),
        (1782907200000, "unix_ms", NOON),
        ("-1", "unix", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (NOON.astimezone(timezone(timedelta(hours=5))), None, NOON),
        ("2026-10-25T01:30", {"zone": "Europe/London"}, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (
            "2026-10-25T01:30",
            {"zone": "Europe/London", "ambiguous": "later"},
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        ),
    ],
)
def test_times_end_in_utc(value: Data, arguments: Data, result: datetime) -> None:
    found = run(value, {"datetime": arguments})
    assert found == result
    assert found.tzinfo is UTC


def test_a_zone_can_come_from_elsewhere() -> None:
    step = {"datetime": {"zone_from": "z"}}
    assert run("2026-07-01T13:00", step, node={"z": "Europe/London"}) == NOON
    said = {"datetime": {"zone_from": {"context": "zone"}}}
    assert run("2026-07-01T21:00", said, context={"zone": "Asia/Tokyo"}) == NOON
    assert "has no zone" in refusal("2026-07-01T13:00", step, node={})
    assert "no time zone 'Moon'" in refusal("2026-07-01T13:00", step, node={"z": "Moon"})
    written = run(NOON, {"format_datetime": {"format": "%H", "zone_from": "z"}}, node={"z": "Asia/Tokyo"})
    assert written == "21"
    assert run(NOON, {"format_date": {"zone_from": {"context": "zone"}}}, context={}) == "2026-07-01"


@pytest.mark.parametrize(
    ("value", "arguments", "reason"),
    [
        ("2026-07-01T12:00", None, "has no zone"),
        ("2026-02-30T12:00:00Z", None, "not a date or time in the format iso"),
        ("01.07.2026", "%Y%m%d", "in the format %Y%m%d"),
        ("2026ab01", "%Y%m%d", "in the format"),
        ("99999999", {"format": "%Y%m%d", "zone": "UTC"}, "in the format"),
        ("x" * 100, None, "not a date or time"),
        ("\u0662\u0660\u0662\u06660701", "%Y%m%d", "in the format"),
        ("2026-03-29T01:30", {"zone": "Europe/London"}, "skip this time"),
        ("2026-10-25T01:30", {"zone": "Europe/London", "ambiguous": "refuse"}, "comes twice"),
        ("9999-12-31T23:59:59-10:00", None, "out of range"),
        ("0001-01-01T00:00", {"zone": "Asia/Tokyo"}, "out of range"),
        ("9999-12-31T23:59", {"zone": "America/New_York"}, "out of range"),
        ("soon", "unix", "not a count of seconds"),
        (10**18, "unix", "out of range"),
        ("nonsense", "rfc2822", "in the format rfc2822"),
        ([], None, "a text is expected"),
    ],
)
def test_times_that_are_none_are_refused(value: Data, arguments: Data, reason: str) -> None:
    assert reason in refusal(value, {"datetime": arguments})


@pytest.mark.parametrize(
    ("value", "arguments", "result"),
    [
        ("2026-07-01", None, date(2026, 7, 1)),
        ("20260701", "%Y%m%d", date(2026, 7, 1)),
        ("1 July 2026", "%d %B %Y", date(2026, 7, 1)),
        (date(2026, 7, 1), None, date(2026, 7, 1)),
    ],
)
def test_dates(value: Data, arguments: Data, result: date) -> None:
    assert run(value, {"date": arguments}) == result


def test_a_time_is_no_date_and_a_text_is_no_time() -> None:
    assert "a time is not a date" in refusal(NOON, "date")
    assert "not a date or time" in refusal("2026-13-01", "date")
    assert "a time with its zone" in refusal("2026", "format_datetime")
    assert "a time with its zone" in refusal(NOON.replace(tzinfo=None), "format_datetime")
    assert "a date is expected" in refusal("2026", "format_date")
    assert "has no zone" in refusal(NOON.replace(tzinfo=None), "format_date")
    assert "out of range" in refusal(
        datetime(1, 1, 1, tzinfo=UTC), {"format_datetime": {"zone": "America/New_York"}}
    )


@pytest.mark.parametrize(
    ("value", "step", "result"),
    [
        (NOON, "format_datetime", "2026-07-01T12:00:00Z"),
        (NOON, {"format_datetime": {"zone": "Europe/Paris"}}, "2026-07-01T14:00:00+02:00"),
        (NOON, {"format_datetime": {"format": "%Y%m%d%H%M", "zone": "Asia/Tokyo"}}, "202607012100"),
        (NOON, {"format_datetime": "unix"}, 1782907200),
        (NOON, {"format_datetime": "unix_ms"}, 1782907200000),
        (NOON, {"format_datetime": "rfc2822"}, "Wed, 01 Jul 2026 12:00:00 +0000"),
        (NOON, "format_date", "2026-07-01"),
        (NOON + timedelta(hours=11), {"format_date": {"zone": "Asia/Tokyo"}}, "2026-07-02"),
        (date(2026, 7, 1), {"format_date": "%d.%m.%Y"}, "01.07.2026"),
    ],
)
def test_times_and_dates_are_written_as_partners_want_them(value: Data, step: Data, result: Data) -> None:
    assert run(value, step) == result


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.sampled_from(["%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H.%M.%S"]))  # fmt: skip  # noqa: DTZ001, E501 - they are placed in a zone here
def test_formats_of_fixed_width_read_what_strptime_reads(moment: datetime, form: str) -> None:
    moment = moment.replace(microsecond=0)
    assert run(moment.strftime(form), {"datetime": {"format": form, "zone": "UTC"}}) == moment.replace(
        tzinfo=UTC
    )


def test_words_of_truth() -> None:
    assert [run(word, "boolean") for word in ("Yes", "1", True, "false", 0, "N")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    assert run("J", {"boolean": {"true": "J", "false": ["N", "-"]}}) is True
    assert "none of false" in refusal("perhaps", "boolean")
    assert run(True, {"format_boolean": {"true": "J", "false": "N"}}) == "J"  # noqa: FBT003 - it is the value
    assert "true or false is expected" in refusal("J", "format_boolean")


def test_countries_and_currencies() -> None:
    assert run("gbr", "country") == "GB"
    assert run(" DE ", "country") == "DE"
    assert run("eur", "currency") == "EUR"
    assert "the United Kingdom is GB" in refusal("UK", "country")
    assert "ISO 3166-1" in refusal("Germany", "country")
    assert "near are" in refusal("EU R", "currency")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("uper", "there is no transform 'uper'; did you mean upper?"),
        ({"upper": 5}, "takes its arguments by name, or takes none"),
        ({"upper": {"x": 1}}, "there is no argument 'x' here"),
        ("pad", "width is missing"),
        ({"pad": {"width": "x"}}, "width: "),
        ({"pad": {"width": 3, "with": "ab"}}, "with: "),
        ({"replace": {"with": "x"}}, "either `text` or `pattern`"),
        ({"replace": {"pattern": "a", "with": r"\1"}}, "can name the groups"),
        ({"replace": {"pattern": "(a)", "with": r"\n"}}, "can name the groups"),
        ({"replace": {"pattern": "(a+)+"}}, "repeats a group"),
        ({"extract": {"pattern": "a", "group": 1}}, "has 0 groups, not 1"),
        ({"none_if": []}, "values: "),
        ({"decimal": {"separator": ",", "thousands": ","}}, "are the same"),
        ({"multiply": {}}, "either `by` or `by_from`"),
        ({"multiply": "x"}, "this is not a number"),
        ({"divide": 2}, "places is missing"),
        ({"from_minor_units": {}}, "either `currency` or `currency_from`"),
        ({"from_minor_units": "POUNDS"}, "ISO 4217"),
        ({"format_decimal": {"implied": True}}, "need `places`"),
        ({"multiply": {"by_from": "sum(a)"}}, "isn't exact"),
        ({"multiply": {"by_from": {"context": "bye"}}}, "declare 'bye' under `context`; did you mean by?"),
        ({"datetime": "dd.mm.yyyy"}, "is no format"),
        ({"datetime": "%Q"}, "%Q can't be used"),
        ({"datetime": "%"}, "can't be used"),
        ({"datetime": {"zone": "Moon"}}, "no time zone 'Moon'"),
        ({"datetime": {"zone": "UTC", "zone_from": "x"}}, "either `zone` or `zone_from`"),
        ({"date": "unix"}, "use `datetime`"),
        ({"format_date": "unix"}, "use `format_datetime`"),
        ({"boolean": {"true": "x", "false": ["x"]}}, "both yes and no"),
        ({"table": "colours"}, "no code table 'colours'"),
        ({"python": "magic"}, "declare 'magic' under `python`"),
        ({"every": [5]}, "a transform is a name"),
        ({"every": [{"a": 1, "b": 2}]}, "a transform is a name"),
        ({"every": [{"multiply": 2}]}, "can't be used within another transform"),
        ({"every": []}, "steps: "),
    ],
)
def test_wrong_arguments_are_found_before_anything_runs(step: Data, reason: str) -> None:
    assert reason in wrong(step)


def test_transforms_that_can_not_follow_each_other_are_found() -> None:
    made = bench()
    made.steps([spec("datetime"), spec("upper")])
    assert [found.message for found in made.findings.all] == [
        "upper takes text, and the transform before it gives time"
    ]
    made = bench()
    made.steps([spec({"none_if": "x"}), spec("upper"), spec("text"), spec({"split": ","}), spec("count")])
    assert not made.findings.all


def test_every_transform_says_what_it_does() -> None:
    assert all(transform.says.endswith(".") for transform in TRANSFORMS.values())
    assert all(name == transform.name for name, transform in TRANSFORMS.items())
