"""The fast way and the slow way through a mapping come to the same."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from mappings import Environment, MappingError, compile_mapping
from mappings.data import Data
from mappings.engine.trace import BAD
from mappings.engine.translating import Canonical
from tests.mappings.shop import Line, Order, mapping, writing

FIELDS = """
a: a
deep: a.b.c
first: {from: "a.list[0]"}
last: {from: "a.list[-1].b"}
both: [a, b.c, "list[1]"]
named: {from: b, fields: {x: c, y: {from: a.b}, z: {value: 1}}}
further: {from: a.b, fields: {x: c}}
lines:
  each: a.list
  fields:
    n: {counter: 1}
    b: b
    inner: {from: a, fields: {m: {counter: 10}, c: c}}
    more:
      each: list
      fields: {k: {counter: 0}, c: c, around: "^.b"}
all:
  each: list
  within: a.list
  when: c
  fields: {k: {counter: 0}, c: c, around: "^.b", further: "^^.b"}
values: {each: b, within: list}
spare: {from: list, default: none}
"""


class Tree(BaseModel):
    a: Data = None
    b: Data = None
    c: Data = None
    list: Data = None


MADE = compile_mapping(writing(FIELDS, source="Tree"), Environment({"Tree": Tree}))
KEYS = st.sampled_from(["a", "b", "c", "list"])
LEAVES = st.sampled_from(["x", "", " ", "\u3000", 0, 1, True, None])
TREES: st.SearchStrategy[Data] = st.recursive(
    LEAVES, lambda inner: st.dictionaries(KEYS, inner) | st.lists(inner, max_size=3), max_leaves=12
)


def slowly(tree: dict[str, Data]) -> Data:
    wire = Canonical(tree)
    trace = MADE.parts.trace(wire)
    found = MADE.parts.retrace(trace, MADE.parts.whole(wire, {}))
    return [str(problem) for problem in trace.problems] if trace.problems else found


def fast(tree: dict[str, Data]) -> Data:
    try:
        return orjson.loads(MADE.write(tree))
    except MappingError as error:
        return [str(problem) for problem in error.problems]


@given(st.dictionaries(KEYS, TREES))
def test_both_ways_through_a_mapping_come_to_the_same(tree: dict[str, Data]) -> None:
    found = slowly(tree)
    assert found is not BAD
    assert fast(tree) == found


def test_numbers_count_the_items_at_every_depth() -> None:
    item = {"b": "b", "a": {"c": "c"}, "list": [{"c": 1}, {"c": 2}]}
    assert fast({"a": {"list": [item, item]}})["lines"] == [
        {
            "n": number,
            "b": "b",
            "inner": {"m": number + 9, "c": "c"},
            "more": [{"k": 0, "c": 1, "around": "b"}, {"k": 1, "c": 2, "around": "b"}],
        }
        for number in (1, 2)
    ]


@pytest.mark.parametrize(
    ("fields", "document"),
    [
        ("x: ref", {"ref": 0.5}),
        ("x: buyer", {"buyer": {"name": [1, {"deep": 0.5}]}}),
        ("x: {from: buyer, fields: {y: name}}", {"buyer": {"name": float("nan")}}),
        ("x: [ref, note]", {"ref": "a", "note": 0.5}),
        ("x: {each: lines, fields: {y: sku}}", {"lines": [{"sku": "a"}, {"sku": 0.5}]}),
        ("x: {each: tags}", {"tags": [0.5]}),
    ],
)
def test_a_float_is_written_from_nowhere(fields: str, document: dict[str, Data]) -> None:
    with pytest.raises(MappingError, match="isn't exact"):
        mapping(writing(fields)).write(document)


def test_a_float_of_a_registered_transform_is_not_written() -> None:
    text = writing("x: {from: ref, transform: {python: half}}", "python: [half]")
    made = mapping(text, {"half": lambda value: float(value) / 2})
    with pytest.raises(MappingError, match="isn't exact"):
        made.write(Order(ref="7", lines=(Line(sku="a"),)))
