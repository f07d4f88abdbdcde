"""Lint: a mapping is held against its model before a document is."""

from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field, JsonValue
from typing_extensions import TypeAliasType

from mappings import Environment, MappingRegistry
from tests.mappings.shop import Line, Person, findings, indented, reading, refused, writing


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("rf: r", "a.yaml:10:3: Order has no field 'rf'; did you mean ref?"),
        ("note: n", "Order.ref must be filled, and no entry does"),
        ("ref: r\nbuyer: {fields: {nam: n}}", "Order.buyer has no field 'nam'; did you mean name?"),
        ("ref: r\nbuyer: {from: b, fields: {email: e}}", "Order.buyer.name must be filled"),
        ("ref: r\nlines: {each: l, fields: {skuu: s}}", "Order.lines[] has no field 'skuu'"),
        ("ref: r\nlines: [{fields: {quantity: q}}]", "Order.lines[].sku must be filled"),
        ("ref: {fields: {a: b}}", "Order.ref is a single value: it has no fields"),
        ("ref: {each: a}", "Order.ref is no list; `finish` can make one value of it"),
        ("ref: r\ntags: {each: t, fields: {a: b}}", "the items of Order.tags are single values"),
        ("ref: r\nstatus: s", "warning: Order.status is one of a closed list of words"),
        ("ref: r\nkind: {from: k, transform: lower}", "warning: Order.kind is one of a closed list"),
        ("ref: r\nstatus: {first_of: [s, t]}", "warning: Order.status is one of a closed list"),
        ("ref: r\nstatus: {value: lost}", "Order.status can't be 'lost': input should be 'placed' or 'paid'"),
        ("ref: r\nkind: {from: k, table: t, default: lost}", "Order.kind can't be 'lost'"),
        ("ref: r\nstatus: {first_of: [{from: s, table: t}, {value: lost}]}", "Order.status can't be 'lost'"),
        (
            "ref: r\nstatus: {from: s, table: t}",
            "a.yaml:6:3: the code table t makes 'odd' of 'O', which Order.status can't be",
        ),
        ("ref: r\nstatus: {from: s, transform: {table: {name: t}}}", "the code table t makes 'odd'"),
        ("ref: r", "warning: the code table t is not used"),
        ("ref: r", "warning: who is declared under `context`, and not used"),
        ("ref: r", "warning: magic is declared under `python`, and not used"),
    ],
)
def test_what_does_not_fit_the_model_is_found(fields: str, found: str) -> None:
    head = "tables:\n  t: {source: s, codes: {P: placed, O: odd, N: null}}\ncontext: [who]\npython: [magic]"
    text = reading(fields, head)
    lines = findings(text, python={"magic": str})
    assert any(found in line for line in lines), lines


@pytest.mark.parametrize(
    "fields",
    [
        "ref: r\nbuyer: {from: b, fields: {x: y}, transform: {python: magic}}",
        "ref: r\ntags: {each: t, fields: {a: b}, transform: {python: magic}}",
        "ref: {each: t, finish: join}",
        "ref: r\nstatus: {from: s, transform: {python: magic}}",
        "ref: r\nlines: [{fields: {sku: s, attributes: {fields: {any: a}}}}]",
        "ref: r\nkind: {value: shop}\nstatus: {from: s, transform: {table: {name: t}}}",
        "ref: {first_of: [{from: a, transform: upper}, b], transform: lower}",
        "ref: r\nstatus: {first_of: [{from: s, table: t}, {value: paid}]}",
        "ref: r\ngift: {from: g, transform: boolean}",
    ],
)
def test_what_fits_is_left_alone(fields: str) -> None:
    head = "python: [magic]\ntables: {t: {source: s, codes: {P: placed, N: null}}}"
    found = findings(reading(fields, head), python={"magic": str})
    assert [one for one in found if "is not used" not in one and "and not used" not in one] == []


ONE = "starts 2 nodes further out, and one node is around this one: take `^` at most"
TWO = "starts 3 nodes further out, and only 2 nodes are around this one: take `^^` at most"
NONE = "the node at hand is the whole document, with nothing around it: leave out the `^`"


@pytest.mark.parametrize(
    ("fields", "head", "found"),
    [
        ("ref: ^.r", "", f"a.yaml:7:8: the path '^.r' can't be used: {NONE}"),
        ("ref: ^.r", "documents: o", ""),
        ("ref: ^^.r", "documents: o", ONE),
        ("ref: ^^.r", "documents: [o, p]", ""),
        ("ref: r", "documents: [o, ^^.p]", f"`documents`: it {ONE}"),
        ("ref: {from: r, when: ^.x}", "", NONE),
        ("ref: {first_of: [r, ^.s]}", "", NONE),
        ("ref: {list: [r, ^.s], finish: join}", "", NONE),
        ("ref: r\nbuyer: {from: b, fields: {name: ^^.n}}", "", ONE),
        ("ref: r\nbuyer: {fields: {name: ^.n}}", "", NONE),
        (
            "ref: r\nlines: {each: l, fields: {sku: ^^.s}}",
            "",
            "a.yaml:8:34: the path '^^.s' can't be used: it " + ONE,
        ),
        ("ref: r\nlines: {each: l, when: ^^.x, fields: {sku: s}}", "", ONE),
        ("ref: r\nlines: {each: ^^.l, within: p, fields: {sku: s}}", "", ONE),
        ("ref: r\nlines: {each: l, within: ^.p, fields: {sku: s}}", "", NONE),
        ("ref: r\nlines: {each: l, within: p, fields: {sku: ^^^.s}}", "", TWO),
        ("ref: r\nlines: {each: l, within: p, fields: {sku: ^^.s}}", "", ""),
        ("ref: {from: r, transform: {datetime: {zone_from: ^.z}}}", "", NONE),
        ("ref: {each: r, transform: {datetime: {zone_from: ^^.z}}, finish: join}", "", ONE),
        ("ref: {each: r, transform: {datetime: {zone_from: ^.z}}, finish: join}", "", ""),
    ],
)
def test_a_path_that_starts_further_out_than_anything_is_found(fields: str, head: str, found: str) -> None:
    lines = findings(reading(fields, head))
    assert any(found in line for line in lines) if found else lines == []


def test_a_written_path_that_starts_further_out_than_anything_is_found() -> None:
    (found,) = findings(writing("a: {each: lines, fields: {b: ^^.ref}}"))
    assert ONE in found


def test_a_mapping_with_a_path_that_starts_further_out_than_anything_is_not_loaded() -> None:
    assert NONE in refused(reading("ref: ^.r"))


def test_a_whole_that_python_finishes_is_its_business() -> None:
    assert findings(reading("x: y", "python: [magic]\nfinish: {python: magic}"), python={"magic": str}) == []


@pytest.mark.parametrize(
    ("fields", "syntax", "found"),
    [
        ("a: rf", "json", "a.yaml:7:6: Order has no field 'rf'; did you mean ref?"),
        ("a: buyer.nam", "json", "buyer has no field 'nam'; did you mean name?"),
        ("a: 'lines[0].skuu'", "json", "lines[0] has no field 'skuu'"),
        ("a: 'lines[*].skuu'", "json", "lines[*] has no field 'skuu'"),
        ("a: {each: lines, fields: {b: skuu}}", "json", "Line has no field 'skuu'"),
        ("a: {from: buyer, fields: {b: nam}}", "json", "Person has no field 'nam'"),
        ("a: {each: lines, fields: {b: {fields: {c: skuu}}}}", "json", "Line has no field 'skuu'"),
        ("a: [{fields: {b: rf}}]", "json", "Order has no field 'rf'"),
        ("a: ref.x", "json", "ref has no field 'x'"),
        ("a: {each: lnes}", "json", "Order has no field 'lnes'"),
        ("a: ref\nb: ref", "xml", "one root element"),
        ("a: {fields: {x:b: ref}}", "xml", "has no namespace"),
        ("'a b': {fields: {c: ref}}", "xml", "not a name"),
        ("rows: {each: lines, fields: {a: sku}}\nx: ref", "delimited", ""),
        ("row: {each: lines, fields: {a: sku}}", "delimited", "a list of `rows`"),
    ],
)
def test_what_can_not_be_written_is_found(fields: str, syntax: str, found: str) -> None:
    lines = findings(writing(fields, syntax=syntax))
    assert any(found in one for one in lines) if found else lines == []


def test_what_can_be_written_is_left_alone() -> None:
    fields = """
a: {each: lines, fields: {b: attributes.size, c: ^.ref, d: "length(sku)", e: {counter: 1}}}
f: {each: lines, fields: {g: sku}, finish: count}
h: {list: [ref, note], finish: join}
i: {list: [ref, {value: 1}]}
j: {each: tags}
k: buyer
l: {first_of: [note, ref]}
"""
    assert findings(writing(fields)) == []
    assert (
        findings(
            writing("x: ref", "python: [magic]\nfinish: {python: magic}", syntax="xml"), python={"magic": str}
        )
        == []
    )


Words = TypeAliasType("Words", tuple[Literal["a", "b"], ...])


class Odd(BaseModel):
    """Every shape that an annotation can have."""

    anything: Any = None
    nothing: None = None
    thing: object = None
    words: Words = ()
    bare_list: list = []  # type: ignore[type-arg]  # noqa: RUF100
    bare_dict: dict = {}  # type: ignore[type-arg]  # noqa: RUF100
    either: Annotated[Person | Line | None, Field()] = None
    maybe: Optional[int] = None  # noqa: UP045 - both spellings count
    tree: JsonValue = None
    count: Annotated[int, Field(gt=0)] = 1
    groups: dict[str, tuple[Line, ...]] = {}


def odd(fields: str) -> list[str]:
    text = f"mapping: m\nversion: 1\nreads: json\ntarget: Odd\nfields:\n{indented(fields)}"
    return [str(one) for one in MappingRegistry(Environment({"Odd": Odd})).lint({"a.yaml": text})]


def test_annotations_of_every_shape_are_understood() -> None:
    fine = """
anything: {fields: {x: {each: y, fields: {z: q}}}}
thing: {each: x, fields: {y: z}}
words: {each: w, table: t}
bare_list: {each: x, fields: {y: z}}
bare_dict: {fields: {x: {fields: {y: z}}}}
either: {fields: {sku: s, name: n}}
tree: {fields: {x: y}}
count: {value: 3}
groups: {fields: {a: {each: b, fields: {sku: s}}}}
"""
    assert odd("groups: {fields: {any: {each: b, finish: unique}}}") == []
    assert [one for one in odd(fine) if "code table" not in one] == []
    assert "Odd.maybe is a single value" in odd("maybe: {fields: {x: y}}")[0]
    assert "Odd.count can't be 0: input should be greater than 0" in odd("count: {value: 0}")[0]
    assert "has no field 'sk'" in odd("either: {fields: {sk: s}}")[0]
    assert "one of a closed list" in odd("words: [a]")[0]


def test_paths_into_dicts_are_followed() -> None:
    text = writing("a: 'attributes.x'\nb: {from: attributes, fields: {c: anything}}", source="Line")
    assert findings(text) == []
