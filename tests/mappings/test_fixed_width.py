"""Fixed-width files: values at their places, record types under each other, totals held against the lines."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical.documents import DOCUMENT_BY_NAME, StockDocument
from mappings import Environment, MappingRegistry
from mappings.data import Data
from mappings.engine.registry import compile_mapping
from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.fixed_width import FixedWidthSyntax
from mappings.syntax.fixed_width_columns import FixedColumn
from mappings.syntax.fixed_width_options import FixedWidthOptions

RECORDS: Mapping[str, Data] = {
    "HD": {"name": "orders", "required": True, "columns": [{"name": "number", "start": 3, "width": 6}]},
    "LN": {
        "name": "lines",
        "parent": "HD",
        "columns": [
            {"name": "sku", "start": 3, "width": 5},
            {"name": "quantity", "width": 4, "type": "number"},
            {"name": "price", "start": 13, "width": 7, "type": "number", "decimals": 2, "sign": "trailing"},
        ],
    },
    "NT": {
        "name": "note",
        "parent": "LN",
        "once": True,
        "columns": [{"name": "text", "start": 3, "width": 9}],
    },
    "TR": {
        "name": "trailer",
        "once": True,
        "required": True,
        "columns": [
            {"name": "count", "start": 3, "width": 4, "type": "number"},
            {"name": "total", "width": 6, "type": "number"},
        ],
    },
}
CHECKS = [
    {"stated": "TR.count", "count": ["HD", "LN", "NT"]},
    {"stated": "TR.total", "sum": "LN.quantity"},
]
FILE = (
    b"HDA-1   \n"
    b"LNCUP  0002 001995 \n"
    b"NTfragile  \n"
    b"LNPOT  0001 000250-\n"
    b"HDA-2   \n"
    b"LNJUG  0010 000005 \n"
    b"TR0006000013\n"
)  # fmt: skip
TREE = {
    "orders": [
        {
            "number": "A-1",
            "lines": [
                {"sku": "CUP", "quantity": 2, "price": Decimal("19.95"), "note": {"text": "fragile"}},
                {"sku": "POT", "quantity": 1, "price": Decimal("-2.50")},
            ],
        },
        {"number": "A-2", "lines": [{"sku": "JUG", "quantity": 10, "price": Decimal("0.05")}]},
    ],
    "trailer": {"count": 6, "total": 13},
}


def syntax(**options: object) -> FixedWidthSyntax:
    return FixedWidthSyntax(FixedWidthOptions.model_validate(options))


def with_records(**options: object) -> FixedWidthSyntax:
    return syntax(**{"records": RECORDS, "code": {"width": 2}, "checks": CHECKS, **options})


def of_columns(*columns: Mapping[str, object], **options: object) -> FixedWidthSyntax:
    return syntax(columns=list(columns), **options)


def refusal(raw: bytes, made: FixedWidthSyntax) -> Problem:
    with pytest.raises(MappingError) as caught:
        made.read(raw)
    return caught.value.problem


def place_of(found: Problem) -> tuple[int | None, int | None]:
    assert found.position is not None
    return found.position.line, found.position.column


def number(width: int, **more: Data) -> FixedColumn:
    return FixedColumn.model_validate({"name": "n", "width": width, "type": "number", **more})


# --- records ---


def test_records_go_under_their_parents_with_their_numbers_exact() -> None:
    assert with_records().read(FILE).root == TREE


def test_records_are_written_at_their_places_with_counts_and_totals() -> None:
    assert with_records().write({**TREE, "trailer": {}}) == FILE
    assert with_records().write(with_records().read(FILE).root) == FILE


@pytest.mark.parametrize(("line_end", "written"), [("\r\n", b"\r\n"), ("\n", b"\n")])
def test_lines_end_as_agreed_and_every_end_is_read(line_end: str, written: bytes) -> None:
    made = with_records(line_end=line_end)
    assert made.write(TREE) == FILE.replace(b"\n", written)
    for raw in (FILE, FILE.replace(b"\n", b"\r\n"), FILE.replace(b"\n", b"\r"), FILE + b"\x1a"):
        assert made.read(raw).root == TREE


def test_lines_without_ends_follow_each_other() -> None:
    made = with_records(line_end="none", width=20)
    raw = made.write(TREE)
    assert (len(raw), raw.count(b"\n")) == (140, 0)
    assert made.read(raw).root == TREE
    assert made.read(raw + b"\r\n").root == TREE
    found = refusal(raw.replace(b"LNPOT  0001", b"LNPOT  0x01"), made)
    assert place_of(found) == (4, 8)


@pytest.mark.parametrize(
    ("old", "new", "reason", "line", "column"),
    [
        (b"TR0006000013", b"TR0007000013", "TR.count states 7, but HD and LN and NT records make 6", 7, 3),
        (b"TR0006000013", b"TR0006000014", "the sum of LN.quantity make 13", 7, 7),
        (b"TR0006000013", b"TR    000013", "TR.count states nothing", 7, 3),
        (b"POT  0001", b"POT      ", "LN.quantity is to be added up, and is no number here", 4, 8),
        (b"POT  0001", b"POT  00O1", "quantity: '00O1' is not a number without a sign", 4, 8),
        (
            b"000250-",
            b"0002.5-",
            "price: '0002.5-' is not a number of 2 decimals, implied, with a trailing",
            4,
            13,
        ),
        (b"HDA-2", b"HXA-2", "'HX' is no record type; there is HD, LN, NT, TR", 5, 1),
        (b"HDA-1   \n", b"", "a record LN stands before any HD", 1, None),
        (b"TR0006000013\n", b"", "the record TR (trailer) is missing", 6, None),
        (b"NTfragile  \n", b"NTfragile  \nNTtwice    \n", "the record NT comes a second time", 4, None),
        (b"000005 \n", b"0000\n", "the line ends after 16 characters, within or before 'price'", 6, 17),
        (b"NTfragile  ", b"NTfragile  and more", "the line has 19 characters, and 11 are agreed", 3, 12),
    ],
)
def test_a_file_that_is_not_as_agreed_is_refused_at_line_and_column(
    old: bytes, new: bytes, reason: str, line: int, column: int | None,
) -> None:  # fmt: skip
    assert old in FILE
    found = refusal(FILE.replace(old, new), with_records())
    assert reason in found.reason
    assert place_of(found) == (line, column)


def test_lines_and_columns_of_values_are_known() -> None:
    wire = with_records().read(FILE)
    assert wire.name(("orders", 0, "lines", 1, "price")) == "orders[0].lines[1].price"
    places = [
        ("orders", 0, "lines", 1, "price"), ("orders", 1), ("trailer", "total"), ("orders",), ("orders", 1, "lines"),
    ]  # fmt: skip
    found = [wire.position(place) for place in places]
    assert [(p.line, p.column) if p else None for p in found] == [(4, 13), (5, None), (7, 7), None, (5, None)]


def test_the_code_may_stand_anywhere_and_gaps_are_spaces() -> None:
    records = {
        "7": {
            "name": "lines",
            "columns": [{"name": "sku", "width": 3}, {"name": "n", "start": 8, "width": 2}],
        }
    }
    made = syntax(records=records, code={"start": 5, "width": 1})
    raw = b"CUP 7  ab\n"
    assert made.read(raw).root == {"lines": [{"sku": "CUP", "n": "ab"}]}
    assert made.write({"lines": [{"sku": "CUP", "n": "ab"}]}) == raw
    assert "'' is no record type" in refusal(b"CUP\n", made).reason


def test_spaces_that_were_cut_off_can_be_filled_in() -> None:
    made = of_columns({"name": "a", "width": 3}, {"name": "b", "width": 3}, short_lines="fill")
    assert made.read(b"xy\n").root == {"rows": [{"a": "xy", "b": ""}]}


def test_blank_lines_and_spaces_behind_the_last_column_mean_nothing() -> None:
    made = of_columns({"name": "a", "width": 2})
    assert made.read(b"xy    \n\n   \nzz\n").root == {"rows": [{"a": "xy"}, {"a": "zz"}]}


# --- columns ---


@pytest.mark.parametrize(
    ("column", "value", "cell"),
    [
        (number(5), 42, "00042"),
        (number(5, pad=" "), 42, "   42"),
        (number(5, pad=" ", align="left"), 42, "42   "),
        (number(6, pad="*"), 42, "****42"),
        (number(7, decimals=2), Decimal("19.95"), "0001995"),
        (number(7, decimals=2, point="."), Decimal("19.95"), "0019.95"),
        (number(7, decimals=2, point=",", pad=" "), Decimal("0.50"), "   0,50"),
        (number(5, sign="leading"), -42, "-0042"),
        (number(5, sign="leading"), 42, "00042"),
        (number(5, sign="leading", plus="+"), 42, "+0042"),
        (number(5, sign="leading", plus=" "), 42, " 0042"),
        (number(5, sign="leading", pad=" "), -42, "  -42"),
        (number(5, sign="trailing"), -42, "0042-"),
        (number(5, sign="trailing"), 42, "0042 "),
        (number(5, sign="trailing", plus="+"), 42, "0042+"),
        (number(5, sign="overpunch"), -1995, "0199N"),
        (number(5, sign="overpunch"), 1995, "01995"),
        (number(5, sign="overpunch", plus="+"), 1995, "0199E"),
        (number(5, sign="overpunch", plus="+"), 0, "0000{"),
        (number(4, sign="overpunch"), -10, "001}"),
        (number(40), int("9" * 40), "9" * 40),
        (FixedColumn(name="t", width=5), "abc", "abc  "),
        (FixedColumn(name="t", width=5, align="right"), "abc", "  abc"),
        (FixedColumn(name="t", width=5, align="right", pad="0"), "12", "00012"),
        (FixedColumn(name="t", width=5, pad="_"), "a b", "a b__"),
    ],
)
def test_a_value_is_written_and_read_back(column: FixedColumn, value: Data, cell: str) -> None:
    assert column.cell_of(value) == cell
    assert column.value_of(cell) == value


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        (number(5), "   42", 42),
        (number(5), "42   ", 42),
        (number(5), "     ", None),
        (number(5), "00000", 0),
        (number(5, pad="*"), "*****", None),
        (number(5, sign="leading"), "-  42", -42),
        (number(5, sign="trailing"), "   42", 42),
        (number(5, sign="trailing"), "42  -", -42),
        (number(5, sign="overpunch"), "   4B", 42),
        (number(6, decimals=2, point="."), "    12", Decimal(12)),
        (number(6, decimals=2, point="."), "   .50", Decimal("0.50")),
        (FixedColumn(name="t", width=5), " abc ", "abc"),
        (FixedColumn(name="t", width=5), "     ", ""),
    ],
)
def test_what_partners_write_otherwise_is_read_where_it_is_clear(
    column: FixedColumn, cell: str, value: Data
) -> None:
    assert column.value_of(cell) == value


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        (number(5), "-0042"), (number(5), "00 42"), (number(5), "1e005"), (number(5), "0004B"),
        (number(5), "٠٠٠٤٢"), (number(5, decimals=1, point="."), "01.25"), (number(5, sign="leading"), "0042-"),
        (number(3, sign="leading"), "--1"), (number(2, sign="trailing"), " -"),
        (number(3, point=".", decimals=1), "  ."),
    ],
)  # fmt: skip
def test_what_is_no_number_as_agreed_is_refused(column: FixedColumn, cell: str) -> None:
    made = FixedWidthSyntax(FixedWidthOptions(columns=(column,)))
    found = refusal(cell.encode() + b"\n", made)
    assert found.code is ErrorCode.VALUE
    assert "is not a number" in found.reason
    assert place_of(found) == (1, 1)


@pytest.mark.parametrize("sign", ["leading", "trailing", "overpunch"])
@pytest.mark.parametrize("pad", ["0", " "])
@pytest.mark.parametrize("plus", ["", " ", "+"])
@pytest.mark.parametrize("point", [None, "."])
@settings(deadline=None, max_examples=20)
@given(amount=st.decimals(min_value=-(10**9), max_value=10**9, places=3))
def test_every_number_survives_every_way_of_writing(
    sign: str, pad: str, plus: str, point: str | None, amount: Decimal
) -> None:
    column = number(16, decimals=3, sign=sign, pad=pad, plus=plus, point=point)
    cell = column.cell_of(amount)
    assert len(cell) == 16
    assert column.value_of(cell) == amount


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85"), max_size=8).map(
    str.strip
)


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n", "none"]))
def test_what_is_written_is_read_back(rows: list[tuple[str, str]], line_end: str) -> None:
    made = of_columns(
        {"name": "a", "width": 8}, {"name": "b", "start": 11, "width": 8}, width=20, line_end=line_end
    )
    tree = {"rows": [{"a": first or "x", "b": second} for first, second in rows]}
    assert made.read(made.write(tree)).root == tree


def test_a_missing_number_is_spaces_or_zeros() -> None:
    columns = (
        {"name": "a", "width": 3, "type": "number"},
        {"name": "b", "width": 3, "type": "number", "empty": "zeros"},
    )
    assert of_columns(*columns).write({"rows": [{}]}) == b"   000\n"


# --- encodings ---


def test_a_mainframes_file_is_read_and_written_in_ebcdic() -> None:
    made = with_records(encoding="cp037", line_end="none", width=20)
    raw = made.write(TREE)
    assert raw.startswith("HDA-1".encode("cp037"))
    assert made.read(raw).root == TREE


@pytest.mark.parametrize("end", [b"\x15", b"\x25", b"\x0d\x25", b"\x0d\x15"])
def test_a_mainframes_lines_end_with_new_line_or_line_feed(end: bytes) -> None:
    made = of_columns({"name": "a", "width": 2}, encoding="cp037")
    raw = end.join(("A1".encode("cp037"), "B2".encode("cp037"), b""))
    assert made.read(raw).root == {"rows": [{"a": "A1"}, {"a": "B2"}]}


def test_widths_count_characters_and_marks_are_taken_off() -> None:
    made = of_columns({"name": "a", "width": 3})
    assert made.read("\ufeffäöü\n".encode()).root == {"rows": [{"a": "äöü"}]}
    assert "0xe4 is not utf-8" in refusal(b"\xe4\xf6\xfc\n", made).reason


# --- what can't be ---


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ([], "from an object of record types"),
        ({"orders": [{"number": "A-12345"}]}, "record 1 (orders): number: the text has 7 characters"),
        ({"orders": [{"number": "A\n1"}]}, "control character"),
        ({"orders": [{"number": object()}]}, "no agreed text"),
        ({"orders": [{"lines": [{"quantity": 10_000}]}]}, "record 2 (lines): quantity: 10000 takes 5 characters"),
        ({"orders": [{"lines": [{"quantity": -1}]}]}, "negative"),
        ({"orders": [{"lines": [{"quantity": 1, "price": "two"}]}]}, "no number"),
        ({"orders": [{"lines": [{"quantity": 1, "price": Decimal("0.001")}]}]}, "more than 2 decimals"),
        ({"orders": [{"line": []}]}, "did you mean lines?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_record_and_column(tree: Data, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        with_records().write(tree)
    assert reason in caught.value.problem.reason
    assert caught.value.problem.code is ErrorCode.TARGET


def test_rows_without_a_column_for_them_and_foreign_characters_are_refused() -> None:
    made = of_columns({"name": "sku", "width": 3}, encoding="cp1252")
    for tree, reason in (
        ({"rows": [{"skuu": 1}]}, "did you mean sku?"),
        ({"row": []}, "a list of `rows`"),
        ({"rows": [{"sku": "語"}]}, "can't be written in cp1252"),
    ):
        with pytest.raises(MappingError) as caught:
            made.write(tree)
        assert reason in caught.value.problem.reason


A: Mapping[str, object] = {"name": "a", "width": 3}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "either `columns`"),
        ({"columns": [A], "records": RECORDS, "code": {"width": 2}}, "either `columns`"),
        ({"records": RECORDS}, "they go together"),
        ({"columns": [A], "code": {"width": 2}}, "they go together"),
        ({"columns": [A], "line_end": "none"}, "how wide every line is"),
        ({"columns": [A], "checks": CHECKS}, "declare these under `records`"),
        ({"columns": [A, A]}, "a column is named twice: a"),
        ({"columns": [A, {"name": "b", "start": 3, "width": 1}]}, "b starts at 3, before the one before it ends"),
        ({"columns": [A], "width": 2}, "the columns end at 3, and a line has 2"),
        ({"columns": [A], "encoding": "morse"}, "not a known encoding"),
        ({"records": {"HEAD": {"name": "h"}}, "code": {"width": 2}}, "'HEAD' can't stand at the code's place"),
        ({"records": {"H": {"name": "h", "columns": [A]}}, "code": {"width": 1}}, "a of H stands where the code does"),
        ({"records": {"H": {"name": "h", "parent": "X"}}, "code": {"width": 1}}, "no record type 'X'"),
        ({"columns": [{**A, "decimals": 2}]}, "has `decimals`, and only a number has that"),
        ({"columns": [{**A, "type": "number", "pad": "7"}]}, "could be part of its number"),
        ({"columns": [{**A, "type": "number", "align": "left"}]}, "zeros behind it would be digits"),
        ({"columns": [{**A, "type": "number", "width": 41}]}, "40 is the most"),
    ],
)  # fmt: skip
def test_options_that_contradict_each_other_are_refused(options: Mapping[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        FixedWidthOptions.model_validate(options)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text("HDLNT012 -\n", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for made in (
        of_columns({"name": "a", "width": 3}),
        with_records(),
        with_records(line_end="none", width=20),
    ):
        with suppress(MappingError):
            assert made.read(raw).root is not None


# --- in a mapping ---

STOCK = """\
mapping: stock
version: 1
reads: fixed_width
target: StockDocument
context: [node]
syntax:
  code: {width: 1}
  records:
    H: {name: header, once: true, required: true, columns: [{name: as_of, start: 2, width: 14}]}
    D: {name: lines, columns: [{name: sku, start: 2, width: 8}, {name: free, width: 6, type: number}]}
    T: {name: trailer, once: true, required: true, columns: [{name: count, start: 2, width: 6, type: number}]}
  checks: [{stated: T.count, count: D}]
fields:
  node: {context: node}
  basis: {value: available}
  as_of: {from: header.as_of, transform: {datetime: {format: "%Y%m%d%H%M%S", zone: UTC}}}
  lines: {each: lines, default: [], fields: {sku: sku, quantity: {from: free, required: true}}}
"""


def test_a_mapping_reads_it_and_names_line_and_column() -> None:
    made = compile_mapping(STOCK, Environment(DOCUMENT_BY_NAME))
    raw = b"H20261120120000\nDCUP     000012\nDPOT     000000\nT000002\n"
    stock = made.read(raw, {"node": "berlin"}, expect=StockDocument)
    assert [(line.sku, line.quantity) for line in stock.lines] == [("CUP", 12), ("POT", 0)]
    (found,) = made.check(raw.replace(b"000012", b"      "), {"node": "berlin"})
    assert "lines[0].free (line 2, column 10) → lines[0].quantity" in str(found)


def test_an_option_that_can_not_be_is_found_when_the_mapping_is_loaded() -> None:
    (found,) = MappingRegistry(Environment(DOCUMENT_BY_NAME)).lint(
        {"a.yaml": STOCK.replace("width: 8", "width: 0")}
    )
    assert found.mark.line == 9 + 1
    assert "greater than or equal to 1" in found.message
