"""What entries can say, read from JSON, XML and delimited text into a model."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from mappings import Mapping, MappingError
from mappings.data import Data
from mappings.errors import ErrorCode, Refusal
from tests.mappings.shop import Line, Order, Person, Status, mapping, problem, reading


def read(fields: str, raw: bytes, head: str = "", **context: object) -> Order:
    return mapping(reading(fields, head)).read(raw, context, expect=Order)


def test_a_path_alone_is_short_for_from() -> None:
    assert (
        read("ref: a.b", b'{"a": {"b": "1"}}')
        == read("ref: {from: a.b}", b'{"a": {"b": "1"}}')
        == Order(ref="1")
    )


def test_constants_of_any_shape() -> None:
    order = read("ref: {value: x}\ntotal: {value: 1.50}\ntags: {value: [a, b]}\nnote: {value: null}", b"{}")
    assert order == Order(ref="x", total=Decimal("1.50"), tags=("a", "b"))


def test_what_the_caller_says() -> None:
    head = "context: [shop, who]"
    fields = (
        "ref: {context: shop, transform: upper}\nnote: {context: who.name}\nbuyer: {fields: {name: name}}"
    )
    assert read(fields, b"{}", head, shop="a", who=Person(name="Ann")) == Order(ref="A", note="Ann")


def test_defaults_stand_in_for_missing_null_and_blank_values() -> None:
    fields = "ref: {value: x}\nnote: {from: n, transform: upper, default: none}"
    for raw in (b"{}", b'{"n": null}', b'{"n": ""}', b'{"n": " "}'):
        assert read(fields, raw).note == "none"
    assert read(fields, b'{"n": "a"}').note == "A"
    assert read("ref: {value: x}\nnote: {from: n, default: null}", b"{}").note is None


def test_blank_texts_can_be_kept() -> None:
    fields = (
        "ref: r\nnote: {from: n, default: x}\ntags: {each: t}\nbuyer: {fields: {name: {value: n}, email: e}}"
    )
    order = read(fields, b'{"r": "1", "n": "", "t": ["", "a"], "e": " "}', "blank: keep")
    assert (order.note, order.tags, order.buyer) == ("", ("", "a"), Person(name="n", email=" "))


def test_the_first_value_that_is_there_counts() -> None:
    fields = """
ref:
  first_of:
    - {from: a, transform: {none_if: "-"}}
    - {from: b, when: "c == 'yes'"}
    - {value: z}
  transform: upper
"""
    assert read(fields, b'{"a": "x", "b": "y"}').ref == "X"
    assert read(fields, b'{"a": "-", "b": "y", "c": "yes"}').ref == "Y"
    assert read(fields, b'{"a": "-", "b": "y"}').ref == "Z"


def test_lists_of_entries_leave_out_what_is_not_there() -> None:
    fields = 'ref: {list: [a, b], finish: {join: "-"}}\ntags: [x, y, {value: z}]'
    assert read(fields, b'{"a": "1", "b": "2", "y": "Y"}') == Order(ref="1-2", tags=("Y", "z"))
    assert read("ref: {value: r}\ntags: [x, y]", b"{}") == Order(ref="r")


def test_lists_transform_each_item_and_finish_the_whole() -> None:
    fields = "ref: {value: r}\ntotal: {list: [a, b], transform: decimal, finish: [sum, {round: 1}]}"
    assert read(fields, b'{"a": "1.25", "b": "2"}').total == Decimal("3.3")


def test_each_item_of_a_list() -> None:
    fields = """
ref: r
lines:
  each: items
  when: "kind != 'gift'"
  fields:
    number: {counter: 10}
    sku: {from: sku, transform: upper}
    currency: ^.currency
    price: {from: price, transform: [decimal, {multiply: {by_from: $.factor}}]}
tags: {each: "items[*].sku", transform: lower, finish: unique}
"""
    raw = b"""{"r": "1", "currency": "GBP", "factor": 2, "items": [
        {"sku": "a", "price": "1.5"}, {"sku": "X", "kind": "gift"}, {"sku": "B"}]}"""
    assert read(fields, raw) == Order(
        ref="1",
        lines=(
            Line(sku="A", number=10, currency="GBP", price=Decimal("3.0")),
            Line(sku="B", number=11, currency="GBP"),
        ),
        tags=("a", "x", "b"),
    )


def test_items_that_are_transformed_as_a_whole() -> None:
    def only_cheap(line: dict[str, Data]) -> dict[str, Data] | None:
        return line if line["price"] < 5 else None

    fields = """
ref: {value: r}
lines: {each: items, fields: {sku: sku, price: price}, transform: {python: only_cheap}}
"""
    made = mapping(reading(fields, "python: [only_cheap]"), {"only_cheap": only_cheap})
    raw = b'{"items": [{"sku": "a", "price": 9}, {"sku": "b", "price": 4}]}'
    assert made.read(raw, expect=Order).lines == (Line(sku="b", price=Decimal(4)),)


def test_nested_lists_know_all_that_is_around_them() -> None:
    fields = """
ref: r
lines:
  each: groups
  fields:
    sku: g
    attributes:
      fields:
        parts: {each: parts, transform: lower, finish: {join: "+"}}
        from: ^.r
        outer: {list: ["^.r", "$.r", g], finish: join}
"""
    raw = b'{"r": "R", "groups": [{"g": "1", "parts": ["A", "B"]}, {"g": "2", "parts": []}]}'
    first, second = read(fields, raw).lines
    assert first.attributes == {"parts": "a+b", "from": "R", "outer": "RR1"}
    assert second.attributes == {"from": "R", "outer": "RR2"}


def test_an_absent_list_is_not_an_empty_one() -> None:
    made = mapping(reading("ref: {value: r}\nlines: {each: items, fields: {sku: sku}, required: true}"))
    assert made.read(b'{"items": []}', expect=Order).lines == ()
    assert problem(made, b"{}").code is ErrorCode.MISSING


def test_one_item_without_its_list_can_be_agreed() -> None:
    plain = mapping(reading("ref: {value: r}\nlines: {each: items, fields: {sku: sku}}"))
    assert "say `one_or_many: true`" in problem(plain, b'{"items": {"sku": "a"}}').reason
    assert "a single value" in problem(plain, b'{"items": 5}').reason
    made = mapping(reading("ref: {value: r}\nlines: {each: items, one_or_many: true, fields: {sku: sku}}"))
    assert made.read(b'{"items": {"sku": "a"}}', expect=Order).lines == (Line(sku="a"),)
    assert made.read(b'{"items": [{"sku": "a"}, {"sku": "b"}]}', expect=Order).lines[1].sku == "b"
    assert made.read(b"{}", expect=Order).lines == ()


def test_an_object_of_which_nothing_was_found_is_not_there() -> None:
    fields = """
ref: $.r
buyer:
  fields:
    name: customer.name
    country: {value: FR}
    email: {from: customer.email, default: none}
"""
    assert read(fields, b'{"r": "1"}').buyer is None
    assert read(fields, b'{"r": "1", "customer": {"name": "Ann"}}').buyer == Person(
        name="Ann", country="FR", email="none"
    )


def test_an_object_of_constants_alone_is_there() -> None:
    assert read("ref: r\nbuyer: {fields: {name: {value: shop}}}", b'{"r": "1"}').buyer == Person(name="shop")


def test_an_object_can_start_at_another_node() -> None:
    fields = """
ref: r
buyer: {from: customer.billing, fields: {name: name, email: ^.mail, country: {from: c, default: GB}}}
"""
    raw = b'{"r": "1", "mail": "m", "customer": {"billing": {"name": "Ann"}}}'
    assert read(fields, raw).buyer == Person(name="Ann", email="m")
    assert read(fields, b'{"r": "1", "mail": "m", "customer": {"billing": {}}}').buyer is None
    assert read(fields, b'{"r": "1", "mail": "m", "customer": {"billing": "text"}}').buyer is None


def test_required_counts_where_its_object_is_there() -> None:
    made = mapping(
        reading("ref: r\nbuyer: {from: c, fields: {name: name, email: {from: e, required: true}}}")
    )
    assert made.read(b'{"r": "1"}', expect=Order).buyer is None
    found = problem(made, b'{"r": "1", "c": {"name": "Ann"}}')
    assert (found.code, found.source, found.target) == (ErrorCode.MISSING, "c.e", "buyer.email")


def test_conditions_leave_fields_and_objects_out() -> None:
    fields = (
        "ref: r\nnote: {from: n, when: gift, default: no}\nbuyer: {when: \"t == 'b'\", fields: {name: n}}"
    )
    assert read(fields, b'{"r": "1", "n": "hi", "gift": true, "t": "b"}') == Order(
        ref="1", note="hi", buyer=Person(name="hi")
    )
    assert read(fields, b'{"r": "1", "n": "hi", "gift": false}') == Order(ref="1", note="no")


TABLES = """
tables:
  states:
    source: the shop's guide, 2026-05
    ignore_case: true
    codes: {p: placed, 20: paid, 007: paid, ignore: null}
"""


def test_code_tables_are_closed() -> None:
    made = mapping(reading("ref: r\nstatus: {from: s, table: states}", TABLES))
    for code, status in {
        '"P"': Status.PLACED,
        "20": Status.PAID,
        '"007"': Status.PAID,
        '"IGNORE"': Status.PLACED,
    }.items():
        assert made.read(f'{{"r": "1", "s": {code}}}'.encode(), expect=Order).status is status
    found = problem(made, b'{"r": "1", "s": "ignored"}')
    assert found.code is ErrorCode.TABLE
    assert found.reason.startswith("table: the code table states has no such code; did you mean IGNORE?")
    assert found.value == "'ignored'"
    assert "single value" in problem(made, b'{"r": "1", "s": {}}').reason


def test_a_table_can_be_one_of_several_steps() -> None:
    fields = "ref: r\nnote: {from: s, transform: [strip, {table: states}, upper]}"
    assert read(fields, b'{"r": "1", "s": " p "}', TABLES).note == "PLACED"


def shout(value: str, mark: str = "!") -> str | None:
    if value == "quiet":
        return None
    if value == "bad":
        raise ValueError("not so loud")
    if value == "worse":
        raise KeyError(value)
    return value.upper() + mark


def test_registered_transforms() -> None:
    text = reading(
        "ref: {from: r, transform: [{python: shout}, {python: {name: shout, with: {mark: '?'}}}], default: d}",
        "python: [shout]",
    )
    made = mapping(text, {"shout": shout})
    assert made.read(b'{"r": "a"}', expect=Order).ref == "A!?"
    assert made.read(b'{"r": "quiet"}', expect=Order).ref == "d"
    refused = problem(made, b'{"r": "bad"}')
    assert (refused.code, refused.reason) == (ErrorCode.PYTHON, "python: not so loud")
    assert "shout failed: KeyError: 'worse'" in problem(made, b'{"r": "worse"}').reason


def test_objects_can_be_transformed_and_the_whole_finished() -> None:
    def named(value: dict[str, Data]) -> dict[str, Data]:
        return {**value, "name": value["name"].title()}

    def with_note(value: dict[str, Data]) -> dict[str, Data]:
        if value["ref"] == "bad":
            raise ValueError("no")
        return {**value, "note": "x"}

    text = reading(
        "ref: r\nbuyer: {from: c, fields: {name: n}, transform: {python: named}}",
        "python: [named, with_note]\nfinish: {python: with_note}",
    )
    made = mapping(text, {"named": named, "with_note": with_note})
    assert made.read(b'{"r": "1", "c": {"n": "ann"}}') == Order(ref="1", note="x", buyer=Person(name="Ann"))
    assert problem(made, b'{"r": "bad"}').reason == "python: no"
    assert [p.target for p in made.explain(b'{"r": "bad"}')] == ["ref"]


# ---- several documents in one ---------------------------------------------------------------------------------

MANY = reading(
    "ref: id\nnote: $.file\nlines: {each: l, fields: {sku: s, number: {counter: 1}}}", "documents: orders"
)
RAW = b'{"file": "f1", "orders": [{"id": "1"}, {"id": 2}, {"id": "3", "l": [{"s": "a"}]}]}'


def test_one_wire_document_may_hold_many() -> None:
    made = mapping(MANY)
    good = RAW.replace(b'"id": 2', b'"id": "2"')
    assert [order.ref for order in made.read_all(good, expect=Order)] == ["1", "2", "3"]
    assert {order.note for order in made.read_all(good, expect=Order)} == {"f1"}
    assert made.read_all(b'{"orders": []}') == []


def test_another_document_is_not_taken_for_an_empty_one() -> None:
    assert "is it another kind of document" in problem(mapping(MANY), b'{"error": "try later"}').reason
    filtered = mapping(MANY.replace("documents: orders", 'documents: "orders[?id]"'))
    assert filtered.read_all(b'{"error": "try later"}') == []
    made = xml("ref: o:T", "documents: /o:Order/o:Extra")
    assert made.read_all(b"<o:Order xmlns:o='urn:o'/>") == []
    found = problem(made, b"<html><o:Extra xmlns:o='urn:o'/></html>")
    assert (found.source, str(found.position)) == ("/o:Order/o:Extra", "line 1, column 1")
    nested = xml("ref: o:T", "documents: o:Extras/o:Extra")
    assert nested.read_all(b"<a xmlns:o='urn:o'><o:Extras/></a>") == []
    assert "another kind" in problem(nested, b"<a xmlns:o='urn:o'/>").reason


def test_one_that_is_wrong_does_not_stop_those_behind_it() -> None:
    outcomes = list(mapping(MANY).outcomes(RAW))
    assert [outcome.number for outcome in outcomes] == [1, 2, 3]
    assert [isinstance(outcome.document, Order) for outcome in outcomes] == [True, False, True]
    (wrong,) = outcomes[1].problems
    assert wrong.document == 2
    assert wrong.source == "orders[1].id"
    assert str(wrong).startswith("mapping.yaml:7:3: document 2: orders[1].id (line 1, column 47) → ref: ")


def test_reading_all_stops_at_the_first_that_is_wrong() -> None:
    with pytest.raises(MappingError) as caught:
        mapping(MANY).read_all(RAW)
    assert caught.value.problem.document == 2


def test_one_document_is_read_where_one_is_expected() -> None:
    made = mapping(MANY)
    assert made.read(b'{"file": "f", "orders": [{"id": "1"}]}') == Order(ref="1", note="f")
    with pytest.raises(MappingError, match="one document is expected, and 0 are here"):
        made.read(b'{"orders": []}')


def test_documents_must_be_a_list() -> None:
    found = problem(mapping(MANY), b'{"orders": {"id": "1"}}')
    assert "a list is expected" in found.reason
    assert found.source == "orders"
    with pytest.raises(MappingError, match="a list is expected"):
        list(mapping(MANY).outcomes(b'{"orders": 5}'))


def test_the_expected_model_is_checked() -> None:
    made = mapping(reading("ref: r"))
    with pytest.raises(TypeError, match="reads Order, not Line"):
        made.read(b'{"r": "1"}', expect=Line)


def test_a_mapping_goes_in_one_direction() -> None:
    made = mapping(reading("ref: r"))
    for call in (made.write, made.check_write, made.explain_write):
        with pytest.raises(TypeError, match="m reads documents"):
            call({})


# ---- XML ------------------------------------------------------------------------------------------------------

XML = b"""<o:Order xmlns:o='urn:o' kind='web'><o:Head><o:Ref> 7 </o:Ref><o:At>202611201530</o:At></o:Head>
<o:Buyer><o:Name>Ann</o:Name><o:Street>a</o:Street><o:Street>b</o:Street></o:Buyer>
<o:Lines><o:Line sku='x'><o:Qty>2.000</o:Qty></o:Line><o:Line sku='y'><o:Qty>0</o:Qty></o:Line></o:Lines>
<o:Extra><o:T>1</o:T></o:Extra><o:Extra><o:T>2</o:T></o:Extra><o:Blank> </o:Blank></o:Order>"""

XML_FIELDS = """
ref: o:Head/o:Ref
placed_at: {from: o:Head/o:At, transform: {datetime: {format: "%Y%m%d%H%M", zone: Europe/London}}}
kind: {from: "@kind"}
note: {from: o:Blank, default: none}
buyer:
  from: o:Buyer
  fields:
    name: o:Name
    lines: {each: o:Street}
    email: /o:Order/o:Head/o:Ref
lines:
  each: o:Lines/o:Line
  when: o:Qty > 0
  fields:
    sku: "@sku"
    number: {counter: 1}
    quantity: {from: o:Qty, transform: int}
    currency: ../../o:Head/o:Ref
tags: {each: o:Extra/o:T}
total: {each: o:Extra/o:T, transform: decimal, finish: sum}
"""


def xml(fields: str = XML_FIELDS, head: str = "", python: Data = None) -> Mapping:
    text = reading(fields, f"syntax: {{namespaces: {{o: 'urn:o'}}}}\n{head}", syntax="xml")
    return mapping(text, python)


def test_xml_is_read() -> None:
    assert xml().read(XML) == Order(
        ref="7",
        placed_at=datetime(2026, 11, 20, 15, 30, tzinfo=UTC),
        note="none",
        buyer=Person(name="Ann", lines=("a", "b"), email="7"),
        lines=(Line(sku="x", number=1, quantity=2, currency="7"),),
        tags=("1", "2"),
        total=Decimal(3),
    )


def test_xml_errors_name_element_and_line() -> None:
    found = problem(xml(), XML.replace(b"2.000", b"2.5"))
    assert (found.source, found.target) == ("/o:Order/o:Lines/o:Line[1]/o:Qty", "lines[0].quantity")
    assert found.position is not None
    assert found.position.line == 3
    found = problem(xml(), XML.replace(b"<o:Ref> 7 </o:Ref>", b""))
    assert found.source == "/o:Order/o:Head/o:Ref"
    assert "Order.ref must be filled" in found.reason
    found = problem(xml(), XML.replace(b"<o:Name>Ann</o:Name>", b"<o:Name>Ann <b>B</b></o:Name>"))
    assert "holds other elements" in found.reason


def test_blank_elements_can_be_kept() -> None:
    assert xml(head="blank: keep").read(XML, expect=Order).note == ""


def test_an_element_can_be_handed_to_a_registered_transform() -> None:
    def tags_of(element: etree._Element) -> list[str]:
        return [str(child.tag).rpartition("}")[2] for child in element]

    made = xml(
        "ref: o:Head/o:Ref\ntags: {node: o:Head, transform: {python: tags_of}}",
        "python: [tags_of]",
        {"tags_of": tags_of},
    )
    assert made.read(XML, expect=Order).tags == ("Ref", "At")


def test_xml_may_hold_many_documents() -> None:
    made = xml("ref: o:T", "documents: o:Extra")
    assert [order.ref for order in made.read_all(XML, expect=Order)] == ["1", "2"]
    found = problem(made, XML.replace(b"<o:T>2</o:T>", b""))
    assert (found.document, found.source) == (2, "/o:Order/o:Extra[2]/o:T")


# ---- delimited text -------------------------------------------------------------------------------------------


def test_delimited_text_is_read() -> None:
    fields = "ref: {value: f}\nlines: {each: rows, fields: {sku: sku, quantity: {from: qty, transform: int}}}"
    made = mapping(reading(fields, "syntax: {delimiter: ';'}", syntax="delimited"))
    assert made.read(b"sku;qty\na;2\nb;3\n", expect=Order).lines == (
        Line(sku="a", quantity=2),
        Line(sku="b", quantity=3),
    )
    found = problem(made, b"sku;qty\na;2\nb;x\n")
    assert (found.source, str(found.position)) == ("rows[1].qty", "element 2, line 3")


def test_each_row_may_be_a_document() -> None:
    made = mapping(reading("ref: sku", "documents: rows", syntax="delimited"))
    assert [order.ref for order in made.read_all(b"sku\na\nb\n", expect=Order)] == ["a", "b"]
    found = problem(made, b"sku,x\na,1\n,2\n")
    assert (found.document, found.source, str(found.position)) == (2, "rows[1].sku", "element 1, line 3")


# ---- corners --------------------------------------------------------------------------------------------------


def test_a_default_within_a_list_or_a_choice_counts() -> None:
    fields = (
        "ref: {first_of: [a, {from: b, default: none}], transform: upper}\ntags: [{from: c, default: x}, d]"
    )
    made = mapping(reading(fields))
    assert made.read(b"{}") == Order(ref="NONE", tags=("x",))
    assert made.read(b'{"b": "y", "c": "z"}') == Order(ref="Y", tags=("z",))
    assert {p.target: p.value for p in made.explain(b"{}")}["ref"] == "'NONE'"


def test_transforms_stop_where_one_says_that_there_is_nothing() -> None:
    fields = 'ref: r\nnote: {from: n, when: r, transform: [{none_if: "-"}, upper], default: d}'
    assert read(fields, b'{"r": "1", "n": "-"}').note == "d"
    assert read(fields, b'{"r": "1", "n": "x"}').note == "X"


def test_items_that_come_to_nothing_are_left_out() -> None:
    assert read(
        'ref: r\ntags: {each: t, transform: {none_if: "-"}}', b'{"r": "1", "t": ["a", "-", ""]}'
    ).tags == ("a",)


def test_what_python_leaves_out_is_missed_by_the_model() -> None:
    fields = "ref: r\nbuyer: {from: b, fields: {name: n}, transform: {python: nameless}}"
    text = reading(fields, "python: [nameless, refless]\nfinish: {python: refless}")

    def refless(tree: dict[str, Data]) -> dict[str, Data]:
        return {key: value for key, value in tree.items() if key != "ref" or value != "gone"}

    made = mapping(text, {"nameless": lambda _value: {}, "refless": refless})
    (found,) = made.check(b'{"r": "1", "b": {"n": "x"}}')
    assert (found.reason, found.target) == (
        "Order.buyer.name must be filled, and the mapping doesn't",
        "buyer.name",
    )
    no_ref = reading("note: n", "python: [refless]\nfinish: {python: refless}")
    (found,) = mapping(no_ref, {"refless": refless}).check(b'{"n": "x"}')
    assert (found.reason, found.target) == ("Order.ref must be filled, and the mapping doesn't", "ref")


def test_a_registered_transform_may_refuse_with_a_code_of_its_own() -> None:
    def refuse(_value: str) -> str:
        raise Refusal("unknown shop", ErrorCode.TABLE)

    made = mapping(
        reading("ref: {from: r, transform: {python: refuse}}", "python: [refuse]"), {"refuse": refuse}
    )
    assert problem(made, b'{"r": "1"}').code is ErrorCode.TABLE


def test_nodes_of_trees_are_values() -> None:
    made = mapping(
        reading("ref: {node: r, transform: {python: first}}", "python: [first]"),
        {"first": lambda value: value[0]},
    )
    assert made.read(b'{"r": ["a"]}') == Order(ref="a")


def test_the_whole_is_not_finished_where_a_part_is_wrong() -> None:
    made = mapping(
        reading("ref: {from: r, transform: lower}", "python: [finish]\nfinish: {python: finish}"),
        {"finish": dict},
    )
    assert problem(made, b'{"r": 1}').target == "ref"


def test_objects_within_objects_within_lists() -> None:
    fields = """
ref: r
lines:
  each: a
  fields:
    sku: s
    attributes:
      from: b
      fields:
        deep:
          from: c
          fields: {d: {from: e, fields: {f: {from: g, fields: {h: {from: i, fields: {j: j}}}}}}}
          transform: {python: flat}
"""
    made = mapping(reading(fields, "python: [flat]"), {"flat": str})
    raw = b'{"r": "1", "a": [{"s": "x", "b": {"c": {"e": {"g": {"i": {"j": "deepest"}}}}}}]}'
    assert "deepest" in made.read(raw, expect=Order).lines[0].attributes["deep"]


def test_deep_lists_and_objects_are_built_alike() -> None:
    text = "x"
    raw: Data = "leaf"
    for depth in range(8):
        text = f"{{from: a{depth}, fields: {{k: {text}, l: {{each: b, fields: {{c: c}}}}}}}}"
        raw = {f"a{depth}": {"x": raw} if depth == 0 else raw, "b": [{"c": depth}]}
        if depth == 0:
            raw = {"a0": {"x": "leaf"}}
    made = mapping(
        reading(
            f"ref: r\nlines: {{each: l, fields: {{sku: {{fields: {{q: {text}}}, transform: {{python: flat}}}}}}}}",
            "python: [flat]",
        ),
        {"flat": str},
    )
    item = {"r": "1", "l": [raw]}
    assert "leaf" in made.read(json.dumps(item).encode(), expect=Order).lines[0].sku
