"""JSON: strict in, exact both ways, positions when they are asked for."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.money import Money
from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.json import JsonOptions, JsonSyntax

SYNTAX = JsonSyntax()

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.integers(-(2**60), 2**60) | st.decimals(-(10**9), 10**9, places=3)
trees = st.recursive(
    st.none() | st.booleans() | texts | numbers,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refusal(raw: bytes, syntax: JsonSyntax = SYNTAX) -> Problem:
    with pytest.raises(MappingError) as caught:
        syntax.read(raw)
    return caught.value.problem


def at(raw: bytes) -> tuple[int | None, int | None]:
    position = refusal(raw).position
    assert position is not None
    return position.line, position.column


@settings(deadline=None)
@given(trees)
def test_what_is_written_is_read_back(tree: object) -> None:
    assert SYNTAX.read(SYNTAX.write(tree)).root == tree


def test_numbers_keep_their_digits() -> None:
    root = SYNTAX.read(b'{"a": 0.1, "b": 12345678901234567890, "c": 1.50, "d": -2e3}').root
    assert root == {"a": Decimal("0.1"), "b": 12345678901234567890, "c": Decimal("1.50"), "d": Decimal(-2000)}
    assert str(root["c"]) == "1.50"
    assert isinstance(root["a"], Decimal)


def test_decimals_are_written_with_all_their_digits() -> None:
    assert SYNTAX.write({"a": Decimal("1.50"), "b": Decimal("1E+3")}) == b'{"a":1.50,"b":1000}'


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b"", 1, 1),
        (b"  \n ", 1, 1),
        (b'{"a": 1,\n "b": }', 2, 7),
        (b'{"a": 1', 1, 8),
        (b'["a", "b]', 1, 7),
        (b'{"a": NaN}', 1, 7),
        (b'{"a": "NaN", "b": -Infinity}', 1, 19),
        (b'{"a": 1e999999}', 1, 7),
        (b'{"a": "1e999999", "b": 0.' + b"1" * 60 + b"}", 1, 24),
        (b'{"a": {"x": 1},\n "a": 2}', 2, 2),
        (b'[{"a": 1, "b": [{}], "a": 1}]', 1, 22),
        (b'{"a": "\\ud800"}', 1, 7),
        (b'{"a": "x\\u0000y"}', 1, 7),
        (b'{"a": "x\0y"}', 1, 9),
        (b"{} {}", 1, 4),
        (b"\xff", 1, 1),
        (b'{"a":\n "\xe4"}', 2, 3),
        (b"<html>", 1, 1),
        (b"9" * 5000, 1, 1),
    ],
)
def test_broken_json_is_refused_with_its_place(raw: bytes, line: int, column: int) -> None:
    assert at(raw) == (line, column)


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert SYNTAX.read(b'"\\ud83d\\ude00 \\\\u0000"').root == "\N{GRINNING FACE} \\u0000"


def test_truncation_and_other_formats_are_recognised() -> None:
    assert "cut off" in refusal(b'{"a": [1, 2').reason
    assert "XML or HTML" in refusal(b"<order/>").reason


def test_depth_is_bounded() -> None:
    assert SYNTAX.read(b"[" * 64 + b"]" * 64).root
    too_deep = refusal(b"[" * 65 + b"]" * 65)
    assert too_deep.code is ErrorCode.LIMIT
    assert too_deep.position is not None
    assert too_deep.position.column == 65
    assert refusal(b"[" * 100_000).code is ErrorCode.LIMIT
    assert refusal(b'{"a":' * 100_000).code is ErrorCode.LIMIT


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    tree = {"a": "[" * 100, "b": [{"c": "}]" * 50}] * 70}
    assert SYNTAX.read(json.dumps(tree).encode()).root == tree


def test_size_is_bounded_before_anything_is_parsed() -> None:
    found = refusal(b"[" + b" " * 50 * 1024 * 1024 + b"]")
    assert found.code is ErrorCode.LIMIT
    assert "max_bytes" in found.reason
    assert JsonSyntax(JsonOptions(max_bytes=10)).read(b"[1, 2]").root == [1, 2]


def test_a_byte_order_mark_is_taken_off() -> None:
    assert SYNTAX.read(b"\xef\xbb\xbf[1]").root == [1]
    assert "mark of utf-16" in refusal("[1]".encode("utf-16")).reason


def test_another_encoding_can_be_agreed() -> None:
    assert JsonSyntax(JsonOptions(encoding="latin-1")).read(b'"\xe4"').root == "ä"
    assert JsonSyntax(JsonOptions(encoding="latin-1")).write("ä") == b'"\xe4"'
    assert JsonSyntax(JsonOptions(encoding="utf-16")).read('["ä"]'.encode("utf-16")).root == ["ä"]
    with pytest.raises(MappingError, match="can't be written in latin-1"):
        JsonSyntax(JsonOptions(encoding="latin-1")).write("\N{EURO SIGN}")


def test_places_are_found_in_the_text() -> None:
    text = b'{\n  "a": [1, {"b c": "x"}],\n  "d": {"e": []}\n}'
    wire = SYNTAX.read(text)
    assert wire.name(()) == "@"
    assert wire.name(("a", 1, "b c")) == 'a[1]."b c"'
    assert wire.name(("x" * 100,)) == "x" * 60 + "…" or wire.name(("x" * 100,)).endswith('…"')
    found = [
        wire.position(place) for place in [(), ("a",), ("a", 1, "b c"), ("d", "e"), ("d", "nowhere", "x")]
    ]
    assert [(p.line, p.column) for p in found if p] == [(1, 1), (2, 8), (2, 20), (3, 14), (3, 8)]
    beyond = wire.position(("a", 7))
    assert beyond is not None
    assert (beyond.line, beyond.column) == (2, 8)
    inside_a_text = wire.position(("a", 1, "b c", 0))
    assert inside_a_text is not None
    assert inside_a_text.column == 20


class Colour(StrEnum):
    RED = "red"


class Inexact(Enum):
    HALF = 0.5


def test_canonical_values_are_written_as_partners_expect_them() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    tree = {
        "c": Colour.RED,
        "t": noon,
        "d": noon.date(),
        "m": Money.of("1.50", "GBP"),
        "n": None,
        "l": (1, True),
    }
    assert json.loads(SYNTAX.write(tree)) == {
        "c": "red",
        "t": "2026-01-01T12:00:00Z",
        "d": "2026-01-01",
        "m": {"amount": 1.5, "currency": "GBP"},
        "n": None,
        "l": [1, True],
    }


@pytest.mark.parametrize(
    "tree",
    [
        {"a": 1.5},
        [float("nan")],
        Inexact.HALF,
        {"a": [(0.5,)]},
        {1: 2},
        {"a": object()},
        {"a": datetime(2026, 1, 1)},  # noqa: DTZ001 - that it has no zone is the fact
        {"a": "\ud800"},
        {"a": "x\0y"},
        {"a": 2**70},
        {"a": Decimal("NaN")},
        {"a": Decimal("1E+100")},
    ],
)
def test_what_json_can_not_carry_exactly_is_refused(tree: object) -> None:
    with pytest.raises(MappingError) as caught:
        SYNTAX.write(tree)
    assert caught.value.problem.code is ErrorCode.TARGET


def test_a_backslash_before_a_code_is_no_nul() -> None:
    assert SYNTAX.write("\\u0000") == b'"\\\\u0000"'


def test_it_can_be_written_for_people() -> None:
    assert JsonSyntax(JsonOptions(indent=True)).write({"a": 1}) == b'{\n  "a": 1\n}'


@settings(deadline=None)
@given(st.binary(max_size=200) | texts.map(str.encode) | trees.map(SYNTAX.write).map(lambda raw: raw[:-1]))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(MappingError):
        assert SYNTAX.read(raw).position(()) is not None
