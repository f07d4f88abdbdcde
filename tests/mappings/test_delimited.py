"""Delimited text: columns by name, record types under each other, totals held against the lines."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mappings.data import Data
from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.delimited import DelimitedSyntax
from mappings.syntax.delimited_options import DelimitedOptions

RECORDS: Mapping[str, Data] = {
    "H": {"name": "orders", "columns": ["type", "number"], "required": True},
    "L": {"name": "lines", "parent": "H", "columns": ["type", "sku", "quantity"]},
    "N": {"name": "note", "parent": "L", "columns": ["type", "text"], "once": True},
    "T": {"name": "trailer", "columns": ["type", "count", "total"], "once": True, "required": True},
}
CHECKS = [{"stated": "T.count", "count": ["H", "L", "N"]}, {"stated": "T.total", "sum": "L.quantity"}]
FILE = b"H,1\nL,A,2\nN,fragile\nL,B,3\nH,2\nL,C,4\nT,6,9\n"


def syntax(**options: object) -> DelimitedSyntax:
    return DelimitedSyntax(DelimitedOptions.model_validate(options))


def with_records(**options: object) -> DelimitedSyntax:
    return syntax(records=RECORDS, checks=CHECKS, header=False, **options)


def refusal(raw: bytes, made: DelimitedSyntax | None = None) -> Problem:
    with pytest.raises(MappingError) as caught:
        (made or syntax()).read(raw)
    return caught.value.problem


def line_of(found: Problem) -> tuple[int | None, int | None]:
    assert found.position is not None
    return found.position.line, found.position.element


cells = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters='\n";,'), min_size=1, max_size=8
)
trimmed = cells.map(lambda text: text.strip() or "x")


@settings(deadline=None)
@given(
    st.lists(st.tuples(trimmed, trimmed), min_size=1, max_size=5),
    st.sampled_from(";,|\t"),
    st.sampled_from(["minimal", "all"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read_back(
    rows: list[tuple[str, str]], delimiter: str, quoting: str, line_end: str,
) -> None:  # fmt: skip
    made = syntax(delimiter=delimiter, quoting=quoting, line_end=line_end)
    tree = {"rows": [{"a": first, "b": second} for first, second in rows]}
    assert made.read(made.write(tree)).root == tree


def test_records_go_under_their_parents() -> None:
    assert with_records().read(FILE).root == {
        "orders": [
            {
                "type": "H",
                "number": "1",
                "lines": [
                    {"type": "L", "sku": "A", "quantity": "2", "note": {"type": "N", "text": "fragile"}},
                    {"type": "L", "sku": "B", "quantity": "3"},
                ],
            },
            {"type": "H", "number": "2", "lines": [{"type": "L", "sku": "C", "quantity": "4"}]},
        ],
        "trailer": {"type": "T", "count": "6", "total": "9"},
    }


def test_records_are_written_with_codes_counts_and_totals() -> None:
    tree = {
        "orders": [
            {
                "number": 1,
                "lines": [
                    {"sku": "A", "quantity": 2, "note": {"text": "fragile"}},
                    {"sku": "B", "quantity": 3},
                ],
            },
            {"number": 2, "lines": [{"sku": "C", "quantity": 4}]},
        ],
        "trailer": {},
    }
    assert with_records().write(tree) == FILE
    assert with_records().write(with_records().read(FILE).root) == FILE


@pytest.mark.parametrize(
    ("raw", "reason", "line", "element"),
    [
        (b"H,1\nT,2,0\n", "T.count states 2, but H and L and N records make 1", 2, 2),
        (b"H,1\nT,,0\n", "T.count states nothing", 2, 2),
        (b"H,1\nL,A,2\nT,2,3\n", "the sum of L.quantity make 2", 3, 3),
        (b"H,1\nL,A,two\nT,2,3\n", "L.quantity is to be added up", 2, 3),
        (b"H,1\nX,A\nT,1,0\n", "'X' is no record type", 2, 1),
        (b"H,1\nl,A\nT,1,0\n", "did you mean L?", 2, 1),
        (b"L,A,1\nH,1\nT,2,1\n", "before any H", 1, None),
        (b"H,1\nN,x\nT,2,0\n", "before any L", 2, None),
        (b"H,1\nL,A,1\nH,2\nN,x\nT,4,1\n", "before any L", 4, None),
        (b"H,1\nT,1,0\nT,1,0\n", "T comes a second time", 3, None),
        (b"H,1\nL,A,1\n", "the record T (trailer) is missing", 2, None),
        (b"T,0,0\n", "the record H (orders) is missing", 1, None),
        (b"H,1\nL,A\nT,2,0\n", "'quantity' is missing", 2, 3),
        (b"H,1,2\nT,1,0\n", "3 values for 2 columns", 1, 3),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_at_its_line(
    raw: bytes, reason: str, line: int, element: int | None,
) -> None:  # fmt: skip
    found = refusal(raw, with_records())
    assert reason in found.reason
    assert line_of(found) == (line, element)


def test_a_required_record_is_missed_at_its_parent() -> None:
    records = {**RECORDS, "L": {**RECORDS["L"], "required": True}}
    found = refusal(b"H,1\nL,A,1\nH,2\nT,3,1\n", syntax(records=records, header=False))
    assert "the record L (lines) is missing" in found.reason
    assert line_of(found) == (3, None)


def test_the_discriminator_may_stand_anywhere() -> None:
    made = syntax(records={"H": {"name": "head", "columns": ["n", "type"]}}, discriminator=2)
    assert made.read(b"1,H\n").root == {"head": [{"n": "1", "type": "H"}]}
    assert made.write({"head": [{"n": 1}]}) == b"1,H\n"
    assert "'' is no record type" in refusal(b"1\n", made).reason


def test_lines_and_columns_are_known() -> None:
    wire = with_records().read(FILE)
    assert wire.name(("orders", 0, "lines", 1, "sku")) == "orders[0].lines[1].sku"
    places = [
        ("orders", 0, "lines", 1, "sku"), ("orders", 1), ("orders", 1, "lines", 7), ("trailer", "total"), ("orders",),
        ("orders", 0, "lines", 0, "note", "text", "x"),
    ]  # fmt: skip
    found = [wire.position(place) for place in places]
    assert [(p.line, p.element) if p else None for p in found] == [
        (4, 2),
        (5, None),
        (5, None),
        (7, 3),
        None,
        (3, 2),
    ]


def test_lines_within_quotes_are_counted() -> None:
    wire = syntax().read(b'a,b\n"1\n2",3\n4,5\n')
    assert wire.root["rows"][0]["a"] == "1\n2"
    position = wire.position(("rows", 1, "b"))
    assert position is not None
    assert (position.line, position.element) == (4, 2)


def test_a_header_names_the_columns() -> None:
    assert syntax().read(b"sku ; free\n A;1 \n").root == {"rows": [{"sku ; free": "A;1"}]}
    assert syntax(delimiter=";").read(b"sku ; free\n A;1 \n\n;\n").root == {
        "rows": [{"sku": "A", "free": "1"}]
    }
    assert syntax(trim=False).read(b"sku,free\n A,1 \n").root == {"rows": [{"sku": " A", "free": "1 "}]}


@pytest.mark.parametrize(
    ("raw", "options", "reason"),
    [
        (b"sku,free\nA,1\n", {"columns": ["sku", "Free"]}, "no column 'Free'; did you mean free?"),
        (b"sku,free\nA,1\n", {"columns": ["sku"], "extra_columns": "refuse"}, "'free' that is not agreed"),
        (b"sku,sku\nA,1\n", {}, "names 'sku' twice"),
        (b"sku,,x\nA,1,2\n", {}, "has no name"),
        (b"sku,free\nA\n", {}, "'free' is missing"),
        (b"sku,free\nA,1,2\n", {}, "3 values for 2 columns"),
        (b'sku,free\n"A,1\n', {}, "can't be split"),
        (b'sku,free\n"A"x,1\n', {}, "can't be split"),
        (b"sku,free\n" + b"A" * 200_000 + b",1\n", {}, "can't be split"),
        (b"sku,free\nA\0,1\n", {}, "NUL"),
        (b"sku,free\n\xe4,1\n", {}, "0xe4 is not utf-8"),
        (b"", {}, "empty"),
        (b"\xef\xbb\xbfa\n1\n", {"encoding": "cp1252"}, "mark of utf-8"),
    ],
)
def test_broken_files_are_refused(raw: bytes, options: Mapping[str, object], reason: str) -> None:
    assert reason in refusal(raw, syntax(**options)).reason


def test_size_is_bounded() -> None:
    assert refusal(b"a\n" * 30 * 1024 * 1024).code is ErrorCode.LIMIT


def test_short_lines_can_be_filled_and_empty_ends_are_forgiven() -> None:
    assert syntax(short_lines="fill").read(b"a,b,c\n1\n").root == {"rows": [{"a": "1", "b": "", "c": ""}]}
    assert syntax().read(b"a,b\n1,2,,\n").root == {"rows": [{"a": "1", "b": "2"}]}


def test_without_a_header_the_columns_are_agreed() -> None:
    made = syntax(header=False, columns=["a", "b"])
    assert made.read(b"1,2\n").root == {"rows": [{"a": "1", "b": "2"}]}
    assert made.write({"rows": [{"b": 2, "a": 1}]}) == b"1,2\n"


def test_a_file_of_a_header_alone_has_no_rows() -> None:
    assert syntax(columns=["a"]).read(b"a,b\n").root == {"rows": []}
    assert "no column 'a'" in refusal(b",\n", syntax(columns=["a"])).reason


def test_quotes_and_escapes_are_as_agreed() -> None:
    assert syntax(quote=None).read(b'a,b\n"1,2"\n').root == {"rows": [{"a": '"1', "b": '2"'}]}
    assert syntax(quote="'").read(b"a,b\n'1,2',3\n").root == {"rows": [{"a": "1,2", "b": "3"}]}
    assert syntax(quote=None, escape="\\").read(b"a,b\n1\\,2,3\n").root == {"rows": [{"a": "1,2", "b": "3"}]}
    assert syntax(quote=None, escape="\\").write({"rows": [{"a": "1,2"}]}) == b"a\n1\\,2\n"
    assert (
        syntax(quoting="texts").write({"rows": [{"a": "1", "b": 2, "c": None}]}) == b'"a","b","c"\n"1",2,""\n'
    )


def test_encodings_and_marks_are_as_agreed() -> None:
    assert syntax(encoding="cp1252").read(b"a\n\x80\n").root == {"rows": [{"a": "\N{EURO SIGN}"}]}
    assert syntax().read(b"\xef\xbb\xbfa\n1\n").root == {"rows": [{"a": "1"}]}
    assert syntax(bom=True).write({"rows": [{"a": 1}]}) == b"\xef\xbb\xbfa\n1\n"
    assert syntax(encoding="utf-16").read("a\n1\n".encode("utf-16")).root == {"rows": [{"a": "1"}]}


@pytest.mark.parametrize(
    ("tree", "options", "reason"),
    [
        ([], {}, "a list of `rows`"),
        ({"rows": [1]}, {}, "a list of `rows`"),
        ({"rows": [{"a": 1, "qty": 2}]}, {"columns": ["a", "quantity"]}, "no column 'qty'"),
        ({"rows": [{"a": "1,2"}]}, {"quote": None}, "can't be written"),
        ({"rows": [{"a": "x\0"}]}, {}, "NUL"),
        ({"rows": [{"a": object()}]}, {}, "no agreed text"),
        ({"rows": [{"a": "\N{EURO SIGN}"}]}, {"encoding": "latin-1"}, "can't be written in latin-1"),
        ([], {"records": RECORDS, "header": False}, "an object of record types"),
        ({"orders": [{"lines": [1]}]}, {"records": RECORDS, "header": False}, "written from objects"),
        ({"orders": [{"line": []}]}, {"records": RECORDS, "header": False}, "did you mean lines?"),
        ({"order": []}, {"records": RECORDS, "header": False}, "did you mean orders?"),
    ],
)
def test_what_can_not_be_written_is_refused(tree: Data, options: Mapping[str, object], reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        syntax(**options).write(tree)
    assert reason in caught.value.problem.reason


def test_a_single_record_need_not_be_a_list() -> None:
    made = syntax(records={"H": {"name": "head", "columns": ["type", "n"]}})
    assert made.write({"head": {"n": 1}}) == b"H,1\n"
    assert made.write({}) == b""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"header": False}, "names the columns"),
        ({"columns": ["a"], "records": RECORDS}, "its own `columns`"),
        ({"columns": ["a", "a"]}, "named twice"),
        ({"checks": CHECKS}, "declare these under `records`"),
        ({"encoding": "morse"}, "not a known encoding"),
        ({"records": {"L": {"name": "l", "columns": ["t"], "parent": "X"}}}, "no record type 'X'"),
        ({"records": {"L": {"name": "l", "columns": ["t"], "parent": "L"}}}, "belongs to itself"),
        (
            {"records": {c: {"name": c, "columns": ["t"], "parent": p} for c, p in ("AB", "BC", "CB")}},
            "belongs to itself",
        ),
        ({"records": {"L": {"name": "l", "columns": ["t"]}}, "discriminator": 2}, "no column 2"),
        ({"records": {"L": {"name": "l", "columns": ["t", "t"]}}}, "have one name"),
        ({"records": RECORDS, "checks": [{"stated": "X.count", "count": "L"}]}, "no record type 'X'"),
        ({"records": RECORDS, "checks": [{"stated": "T.cuont", "count": "L"}]}, "did you mean count?"),
        ({"records": RECORDS, "checks": [{"stated": "T.count", "count": ["Q"]}]}, "no record type 'Q'"),
        ({"records": RECORDS, "checks": [{"stated": "T.count", "sum": "L.price"}]}, "no column 'price'"),
        ({"records": RECORDS, "checks": [{"stated": "T.count"}]}, "either `count` or `sum`"),
        ({"records": 1}, "valid dictionary"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: Mapping[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        DelimitedOptions.model_validate(options)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text('H,L12\n"', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for made in (syntax(), with_records()):
        with suppress(MappingError):
            assert made.read(raw).root is not None
