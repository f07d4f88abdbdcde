"""Errors: every one names mapping line, source path, position, value and reason; all of them can be had at once."""

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import Environment, MappingError, MappingErrors, Position, Problem, compile_mapping
from mappings.engine.scope import Scope
from mappings.engine.trace import MOST_PROBLEMS, Trace
from mappings.errors import ErrorCode, Finding, InvalidMappingError, Mark, Severity, shown
from mappings.suggest import did_you_mean, nearest
from tests.mappings.shop import Order, mapping, problem, reading

FIELDS = """
ref: id
total: {from: total, transform: decimal}
buyer:
  from: buyer
  fields:
    name: {from: name, personal: true, transform: {length: 5}}
    country: {from: country, transform: country}
    email: {from: email, required: true}
lines:
  each: items
  fields:
    sku: sku
    quantity: {from: qty, transform: int}
"""

BAD = b"""{"id": 5, "total": "1,5",
 "buyer": {"name": "Ann Example", "country": "UK"},
 "items": [{"sku": "a", "qty": "2"}, {"sku": "b", "qty": 0}, {"qty": 1}]}"""


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = mapping(reading(FIELDS)).check(BAD)
    assert [(p.code.value, p.source, p.target, str(p.position), p.mark and p.mark.line) for p in found] == [
        ("value", "total", "total", "line 1, column 20", 8),
        ("value", "buyer.name", "buyer.name", "line 2, column 20", 12),
        ("table", "buyer.country", "buyer.country", "line 2, column 46", 13),
        ("missing", "buyer.email", "buyer.email", "line 2, column 11", 14),
        ("target", "id", "ref", "line 1, column 8", 7),
        ("target", "items[1].qty", "lines[1].quantity", "line 3, column 58", 19),
        ("missing", "items[2].sku", "lines[2].sku", "line 3, column 62", 18),
    ]
    assert found[0].value == "'1,5'"
    assert found[4].reason == "input should be a valid string; put `text` in its `transform`"
    assert found[5].reason == "input should be greater than 0"
    assert "Order.lines[2].sku must be filled" in found[6].reason


def test_reading_raises_all_and_shows_the_first() -> None:
    with pytest.raises(MappingErrors) as caught:
        mapping(reading(FIELDS)).read(BAD)
    assert len(caught.value.problems) == 7
    assert caught.value.problem is caught.value.problems[0]
    assert str(caught.value).count("\n") == 6
    assert str(caught.value).startswith(
        "mapping.yaml:8:35: total (line 1, column 20): decimal: this is not a number (found '1,5')\n"
    )


def test_syntax_errors_name_the_mapping_too() -> None:
    found = problem(mapping(reading("ref: r")), b"{")
    assert str(found.mark) == "mapping.yaml:1:10"
    assert found.code is ErrorCode.SYNTAX
    with pytest.raises(MappingError):
        mapping(reading("ref: r")).read(b"{")


def test_personal_values_are_masked_everywhere() -> None:
    def tell(value: str) -> str:
        raise ValueError(f"{value} lives here")

    fields = "ref: r\nbuyer: {personal: true, from: b, fields: {name: {from: n, transform: {python: tell}}}}"
    made = mapping(reading(fields, "python: [tell]"), {"tell": tell})
    found = problem(made, b'{"r": "1", "b": {"n": "Ann Example"}}')
    assert "Ann" not in str(found)
    assert found.reason == "python: … lives here"
    assert found.value == "11 characters, hidden"
    long = mapping(reading(FIELDS)).check(BAD)[1]
    assert "Ann" not in str(long)


def test_what_the_model_refuses_of_personal_values_is_masked() -> None:
    fields = "ref: r\nbuyer: {personal: true, fields: {name: n, lines: {each: l}}}"
    found = mapping(reading(fields)).check(b'{"r": "1", "n": 77, "l": [66]}')
    assert [(p.target, p.value) for p in found] == [("buyer.name", "hidden"), ("buyer.lines[0]", "hidden")]
    assert "66" not in str(found[1])


def test_a_model_that_refuses_the_whole_is_told_at_the_mapping() -> None:
    found = problem(
        mapping(reading("ref: r\nlines: {each: l, fields: {sku: s}}")),
        b'{"r": "1", "l": [{"s": "a"}, {"s": "a"}]}',
    )
    assert (found.reason, found.target, str(found.mark)) == (
        "two lines have one SKU",
        None,
        "mapping.yaml:1:10",
    )


def test_an_item_that_is_wrong_does_not_bring_errors_that_follow_from_it() -> None:
    fields = """
ref: {from: r, transform: lower}
total: {each: l, transform: decimal, finish: sum}
tags: {each: t, transform: lower}
"""
    found = mapping(reading(fields)).check(b'{"r": 5, "l": ["1", "x", "y"], "t": ["a", 1]}')
    assert [p.target for p in found] == ["ref", "total[1]", "total[2]", "tags[1]"]


def test_conditions_and_paths_that_fail_are_problems() -> None:
    fields = """
ref: {from: r, when: "length(n) > `0`"}
lines: {each: l, when: "length(x) > `0`", fields: {sku: s}}
note: {from: 'length(n)'}
"""
    found = mapping(reading(fields)).check(b'{"r": "1", "n": 5, "l": [{"s": "a", "x": 1}]}')
    assert [p.target for p in found] == ["ref", "lines[0]", "note"]
    assert all("the path fails here" in p.reason for p in found)
    assert found[1].source == "l[0]"


def test_a_first_of_several_that_fails_names_the_one() -> None:
    fields = """
ref: {first_of: [a, {from: b, required: true}]}
note: {list: [c, {from: d, transform: lower}], finish: join}
"""
    found = mapping(reading(fields)).check(b'{"c": "x", "d": 5}')
    assert [(p.source, p.target) for p in found] == [("b", "ref"), ("d", "note[1]")]


def test_steps_of_a_first_of_and_of_a_context_are_located() -> None:
    fields = """
ref: {first_of: [a, b], transform: lower}
note: {context: who, transform: lower}
total: {counter: 1, transform: lower}
"""
    found = mapping(reading(fields, "context: [who]")).check(b'{"b": 5}', {"who": 6})
    assert [(p.source, p.target) for p in found] == [("b", "ref"), ("context.who", "note"), ("@", "total")]


def test_problems_are_bounded() -> None:
    made = mapping(reading("ref: {value: r}\ntags: {each: t, transform: lower}"))
    raw = b'{"t": [' + b",".join([b"1"] * 500) + b"]}"
    assert len(made.check(raw)) == MOST_PROBLEMS


def test_many_failures_are_located_in_time() -> None:
    made = mapping(reading("ref: s", "documents: rows", syntax="delimited"))
    raw = b"s,t\n" + b",x\n" * 20_000
    assert len(made.check(raw)) == 20_000
    made = mapping(reading("ref: s", "documents: r", syntax="xml"))
    assert len(made.check(b"<a>" + b"<r/>" * 5_000 + b"</a>")) == 5_000
    made = mapping(reading("ref: s", "documents: r"))
    assert len(made.check(b'{"r": [' + b",".join([b"{}"] * 5_000) + b"]}")) == 5_000


def test_what_nobody_foresaw_is_a_problem_of_the_document() -> None:
    class Odd(Order):
        def model_post_init(self, _context: object, /) -> None:
            raise RuntimeError("odd")

    made = compile_mapping(reading("ref: r"), Environment({"Order": Odd}))
    found = problem(made, b'{"r": "1"}')
    assert found.reason == "this could not be translated: RuntimeError"


def test_provenance_leads_from_field_to_source_and_line() -> None:
    made = mapping(
        reading(
            "ref: {from: id, transform: text}\nnote: {first_of: [a, b]}\nkind: {value: web}\ntotal: t\n"
            "lines: {each: l, fields: {sku: s}}"
        )
    )
    found = made.explain(b'{"id": 5, "b": "x", "l": [{"s": "q"}]}')
    assert [(p.target, p.value, p.source, str(p.position), p.mark.line, p.transforms) for p in found] == [
        ("ref", "'5'", "id", "line 1, column 8", 7, ("text",)),
        ("note", "'x'", "b", "line 1, column 16", 8, ()),
        ("kind", "'web'", None, "None", 9, ()),
        ("lines[0].sku", "'q'", "l[0].s", "line 1, column 33", 11, ()),
    ]
    fields = """
ref: {from: id, default: none}
buyer: {fields: {name: n, country: {value: FR}, email: {from: e, default: x}}}
"""
    (default,) = mapping(reading(fields)).explain(b"{}")
    assert (default.target, default.value, default.source) == ("ref", "'none'", "id")
    many = mapping(reading("ref: id", "documents: d")).explain(b'{"d": [{"id": "1"}, {"id": "2"}]}')
    assert [p.target for p in many] == ["1: ref", "2: ref"]


def test_problems_are_data() -> None:
    found = mapping(reading(FIELDS)).check(BAD)[0]
    assert found.as_dict() == {
        "reason": "decimal: this is not a number",
        "code": "value",
        "mark": {"file": "mapping.yaml", "line": 8, "column": 35},
        "source": "total",
        "position": {"line": 1, "column": 20, "offset": 19},
        "target": "total",
        "value": "'1,5'",
    }
    assert Problem("x").as_dict() == {"reason": "x", "code": "syntax"}


def test_failures_of_one_kind_have_one_signature() -> None:
    made = mapping(reading(FIELDS))
    first = made.check(b'{"id": "1", "items": [{"sku": "a", "qty": "x"}]}')[0]
    second = made.check(b'{"id": "2", "items": [{"sku": "a"}, {"sku": "b", "qty": "y"}]}')[0]
    assert first.signature == second.signature == "value:mapping.yaml:lines[].quantity"
    assert Problem("x", source='a["b"].c[1]').signature == 'syntax::a["b"].c[]'


def loaded(raw: bytes) -> Any:
    return pickle.loads(raw)  # noqa: S301 - it was dumped right here


def test_errors_survive_pickling() -> None:
    one = MappingError(Problem("x", mark=Mark("f", 2, 3)))
    several = MappingErrors([Problem("x"), Problem("y")])
    wrong = InvalidMappingError([Finding(Mark("f"), "m", Severity.WARNING)])
    assert loaded(pickle.dumps(one)).problem == one.problem
    assert loaded(pickle.dumps(several)).problems == several.problems
    assert str(loaded(pickle.dumps(wrong))) == "f:1:1: warning: m"


def test_the_first_mark_counts() -> None:
    assert MappingError(Problem("x")).at(Mark("f")).problem.mark == Mark("f")
    assert MappingError(Problem("x", mark=Mark("a"))).at(Mark("f")).problem.mark == Mark("a")


def test_positions_say_what_is_known() -> None:
    assert str(Position(segment=3, element=2, component=1)) == "segment 3, element 2, component 1"
    assert str(Position(offset=7)) == "offset 7"
    assert str(Problem("x", document=2, source="a")) == "document 2: a: x"


class Loud:
    def __str__(self) -> str:
        raise RuntimeError


def test_values_are_shown_shortly() -> None:
    assert shown("a" * 200) == "'" + "a" * 78 + "…"
    assert shown({"a": 1}) == "an object of 1 fields"
    assert shown((1, 2)) == "a list of 2 items"
    assert shown(Loud()) == "a Loud"
    assert shown(5, personal=True) == "hidden"


def test_what_was_likely_meant() -> None:
    assert nearest("quantitty", ["quality", "quantity"]) == ["quantity", "quality"]
    assert did_you_mean("QUANTITY", ["quantity"]) == "; did you mean quantity?"
    assert did_you_mean("zzz", ["b", "a"]) == "; there is a, b"
    assert did_you_mean("zzz", [f"name{i}" for i in range(50)]) == ""
    assert did_you_mean("x", []) == ""


# ---- the fast way and the slow one ----------------------------------------------------------------------------

MIXED = reading(
    """
ref: {first_of: [a, b.c, {from: d, transform: text}], transform: [text, strip], default: none}
note: {from: e, when: f, transform: upper}
total: {from: g, transform: decimal, required: true}
tags: {list: [a, {each: h, transform: text, finish: join}, {value: v}]}
buyer: {from: b, fields: {name: {from: c, required: true}, email: ^.e, lines: {each: i}}}
lines:
  each: h
  when: "@ != 'skip'"
  fields:
    sku: {from: s, default: x}
    number: {counter: 1}
    quantity: {from: q, transform: int}
    currency: $.a
    attributes: {fields: {k: k, l: {value: constant}}}
""",
)
leaves = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", " ", "x", "1", "2.5", "skip"])
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdefghiskq"), inner, max_size=5)
    ),
    max_leaves=12,
)
documents = st.dictionaries(st.sampled_from("abcdefgh"), values, max_size=8)


@settings(deadline=None)
@given(documents | st.just({"g": "1"}).flatmap(lambda base: documents.map(lambda more: {**more, **base})))
def test_both_ways_find_the_same_values_and_the_same_faults(tree: dict[str, object]) -> None:
    made = mapping(MIXED)
    raw = made.parts.syntax.write(tree)
    wire = made.parts.syntax.read(raw)
    start = Scope.start(wire.root, {}, ())
    trace = Trace(wire, made.parts.language, reads=True)
    slow = trace.object(made.parts.plans, start, (), always=True, personal=False)
    problems = made.check(raw)
    if problems:
        assert not any("could not be translated" in found.reason for found in problems)
        with pytest.raises(MappingErrors) as caught:
            made.read(raw)
        assert caught.value.problems == problems
    else:
        fast = made.read(raw, expect=Order)
        assert slow == made.parts.build(wire.root, start)
        by_target = {found.target for found in made.explain(raw)}
        assert ("total" in by_target) is (fast.total is not None)
        assert {f"lines[{i}].number" for i in range(len(fast.lines))} <= by_target
