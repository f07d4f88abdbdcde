"""What entries can say, written from models and dicts."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mappings import MappingError
from mappings.data import Data
from mappings.errors import ErrorCode
from tests.mappings.shop import Line, Order, Person, Status, mapping, refused, writing

ORDER = Order(
    ref="7",
    placed_at=datetime(2026, 11, 20, 15, 30, tzinfo=UTC),
    total=Decimal("19.90"),
    buyer=Person(name="Ann", lines=("a", "b")),
    lines=(Line(sku="x", quantity=2, price=Decimal("1.50"), attributes={"size": "m"}), Line(sku="y")),
)


def write(fields: str, order: Data = ORDER, head: str = "", **context: object) -> Data:
    return json.loads(mapping(writing(fields, head)).write(order, context), parse_float=Decimal)


def test_values_are_written_in_the_order_of_the_mapping() -> None:
    raw = mapping(writing("z: ref\na: {from: total}\nm: {value: 1}\nstatus: status")).write(ORDER)
    assert raw == b'{"z":"7","a":19.90,"m":1,"status":"placed"}'


def test_models_and_dicts_are_written_alike() -> None:
    fields = (
        "r: ref\nfirst: lines[0].sku\nskus: {each: lines, fields: {s: sku, n: {counter: 1}}}\nb: buyer.name"
    )
    expected = {"r": "7", "first": "x", "skus": [{"s": "x", "n": 1}, {"s": "y", "n": 2}], "b": "Ann"}
    assert write(fields) == write(fields, ORDER.model_dump()) == expected


def test_a_whole_model_can_be_written() -> None:
    assert write("buyer: buyer")["buyer"]["name"] == "Ann"


def test_what_is_empty_is_left_out() -> None:
    fields = """
note: note
blank: {from: ref, transform: {remove_prefix: "7"}}
buyer: {from: buyer, fields: {email: email, mail: {fields: {a: email}}}}
tags: {each: tags}
none: {each: "lines[?sku=='z']", fields: {s: sku}}
ref: ref
"""
    assert write(fields) == {"ref": "7"}


def test_what_is_empty_can_be_written_as_null_or_blank() -> None:
    fields = """
a: {from: note, when_missing: null}
b: {from: note, when_missing: blank}
c: {from: buyer, when_missing: blank, fields: {email: email}}
d: {each: tags, when_missing: blank}
e: {each: tags, when_missing: null}
f: {list: [note], when_missing: blank}
g: {from: note, when_missing: omit}
h: {from: note, default: x}
"""
    assert write(fields) == {"a": None, "b": "", "c": {}, "d": [], "e": None, "f": [], "h": "x"}


def test_sections_of_constants_are_always_written() -> None:
    assert write("head: {fields: {sender: {value: hub}, v: {value: 2}}}") == {
        "head": {"sender": "hub", "v": 2}
    }


def test_fields_from_further_out_do_not_make_an_object() -> None:
    fields = "lines: {each: lines, fields: {s: sku, money: {fields: {amount: price, currency: $.ref}}}}"
    assert write(fields) == {
        "lines": [{"s": "x", "money": {"amount": Decimal("1.50"), "currency": "7"}}, {"s": "y"}]
    }


def test_conditions_look_into_models() -> None:
    fields = """
l: {each: lines, when: "sku == 'x'", fields: {s: sku, z: ^.ref}}
g: {value: 1, when: gift}
p: {value: 2, when: "status == 'placed'"}
"""
    assert write(fields) == {"l": [{"s": "x", "z": "7"}], "p": 2}


def test_the_caller_hands_over_more_than_the_document() -> None:
    fields = """
to: {context: party, personal: true, fields: {name: name, first: 'lines[0]', ref: ^.ref}}
z: {context: zone}
"""
    head = "context: [party, zone]"
    assert write(fields, ORDER, head, party=Person(name="Bob", lines=("s",)), zone="UTC") == {
        "to": {"name": "Bob", "first": "s", "ref": "7"},
        "z": "UTC",
    }
    assert write(fields, ORDER, head, party={"name": "Bob"})["to"]["name"] == "Bob"
    assert write(fields, ORDER, head, zone="UTC") == {"z": "UTC"}
    made = mapping(
        writing("to: {context: party, fields: {n: {from: name, transform: {length: 2}}}}", "context: [party]")
    )
    (found,) = made.check_write(ORDER, {"party": Person(name="Bob")})
    assert (found.source, found.target) == ("context.party.name", "to.n")


def test_codes_are_looked_up_backwards() -> None:
    tables = (
        "tables: {s: {source: guide, codes: {P: placed, X: paid, Y: paid, Z: null}, write_as: {paid: Y}}}"
    )
    fields = "s: {from: status, transform: {table: {name: s, reverse: true}}}"
    assert write(fields, ORDER, tables) == {"s": "P"}
    assert write(fields, Order(ref="1", status=Status.PAID), tables) == {"s": "Y"}
    made = mapping(writing("n: {from: ref, transform: {table: {name: s, reverse: true}}}", tables))
    (found,) = made.check_write(ORDER)
    assert (found.code, found.source, found.target) == (ErrorCode.TABLE, "ref", "n")
    assert "has no code for this; there is paid, placed" in found.reason
    assert "say which under its `write_as`" in refused(
        writing(fields, tables.replace(", write_as: {paid: Y}", ""))
    )


def test_xml_is_written() -> None:
    fields = """
Order:
  fields:
    "@version": {value: 2}
    Ref: ref
    b:At: {from: placed_at, transform: {format_datetime: "%Y%m%d"}}
    Empty: {from: note, when_missing: blank}
    Gone: note
    Lines:
      fields:
        Line:
          each: lines
          fields:
            "@n": {counter: 1}
            "#text": sku
    Reference:
      - fields: {"@type": {value: PO}, "#text": ref}
      - fields: {"@type": {value: NOTE}, "#text": note}
      - {from: ref, transform: {prefix: x}}
"""
    made = mapping(
        writing(fields, "syntax: {namespaces: {'': 'urn:a', b: 'urn:b'}, declaration: false}", syntax="xml")
    )
    assert made.write(ORDER).decode() == (
        '<Order xmlns="urn:a" xmlns:b="urn:b" version="2"><Ref>7</Ref><b:At>20261120</b:At><Empty/><Lines>'
        '<Line n="1">x</Line><Line n="2">y</Line></Lines><Reference type="PO">7</Reference>'
        "<Reference>x7</Reference></Order>"
    )


def test_delimited_text_is_written() -> None:
    fields = """
rows:
  each: lines
  fields: {sku: sku, qty: quantity, price: {from: price, transform: {format_decimal: 2}}}
"""
    head = "syntax: {delimiter: ';', columns: [sku, price, qty]}"
    assert (
        mapping(writing(fields, head, syntax="delimited")).write(ORDER) == b"sku;price;qty\nx;1.50;2\ny;;1\n"
    )


def test_errors_name_both_ends() -> None:
    made = mapping(
        writing(
            "a: {each: lines, fields: {p: {from: price, required: true}}}\nb: {from: ref, transform: {length: 1}}"
        )
    )
    (found,) = made.check_write(ORDER)
    assert (found.code, found.source, found.target) == (ErrorCode.MISSING, "lines[1].price", "a[1].p")
    assert (
        str(found)
        == "mapping.yaml:7:29: lines[1].price → a[1].p: there is no value here, and the mapping requires one"
    )
    with pytest.raises(MappingError) as caught:
        made.write(Order(ref="long", lines=(Line(sku="a"),)))
    assert [problem.target for problem in caught.value.problems] == ["a[0].p", "b"]


def test_what_the_syntax_refuses_names_the_mapping() -> None:
    made = mapping(writing("Order: {fields: {Ref: ref}}", syntax="xml"))
    with pytest.raises(MappingError) as caught:
        made.write(Order(ref="a\x01b"))
    assert str(caught.value.problem.mark) == "mapping.yaml:1:10"
    (found,) = made.check_write(Order(ref="a\x01b"))
    assert "control character" in found.reason


def test_registered_transforms_and_finish_work_on_trees() -> None:
    def wrapped(tree: dict[str, Data]) -> dict[str, Data]:
        if "r" not in tree:
            raise TypeError("no r")
        return {"envelope": tree}

    made = mapping(writing("r: ref", "python: [wrapped]\nfinish: {python: wrapped}"), {"wrapped": wrapped})
    assert made.write(ORDER) == b'{"envelope":{"r":"7"}}'
    (found,) = made.check_write({"ref": ""})
    assert found.reason == "python: the registered transform wrapped failed: TypeError: no r"
    assert made.check_write(ORDER) == ()


def test_floats_are_refused() -> None:
    (found,) = mapping(writing("r: ref")).check_write({"ref": 1.5})
    assert "isn't exact" in found.reason


def test_provenance_of_what_is_written() -> None:
    made = mapping(writing("r: ref\nb: {fields: {n: {from: buyer.name, personal: true, transform: upper}}}"))
    first, second = made.explain_write(ORDER)
    assert (first.target, first.value, first.source, first.mark.line) == ("r", "'7'", "ref", 7)
    assert (second.target, second.value, second.transforms) == ("b.n", "3 characters, hidden", ("upper",))


def test_a_mapping_goes_in_one_direction() -> None:
    made = mapping(writing("r: ref"))
    for call in (made.read, made.read_all, made.check, made.explain):
        with pytest.raises(TypeError, match="m writes documents"):
            call(b"")
    with pytest.raises(TypeError, match="m writes documents"):
        next(made.outcomes(b""))
