"""Mapping files: YAML as data that knows its lines, and everything wrong with it told at once."""

from contextlib import suppress
from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import InvalidMappingError, MappingRegistry
from mappings.engine import located
from mappings.engine.document import NOTHING
from mappings.engine.located import LONGEST_FILE, parse_yaml
from tests.mappings.shop import environment, findings, mapping, reading, writing


def invalid(text: str) -> str:
    with pytest.raises(InvalidMappingError) as caught:
        parse_yaml(text, "f.yaml")
    return str(caught.value)


def test_yaml_is_data_that_knows_its_lines() -> None:
    root = parse_yaml("a: 1\nb:\n  - x\n  - {c: 1.50}\n", "f.yaml")
    assert root.plain() == {"a": 1, "b": ["x", {"c": Decimal("1.50")}]}
    assert str(root.key_mark("b")) == "f.yaml:2:1"
    assert str(root.fields["b"].items[1].fields["c"].mark) == "f.yaml:4:9"
    assert root.fields["a"].fields == {}
    assert root.fields["a"].items == []


def test_scalars_are_what_they_look_like_and_never_floats() -> None:
    text = "[yes, no, true, null, ~, 007, 0x1F, 1_000, -5, 1.5, 1e5, 2026-01-02, '5', on]"
    assert parse_yaml(text, "f").plain() == [
        "yes", "no", True, None, None, "007", "0x1F", "1_000", -5, Decimal("1.5"), "1e5", "2026-01-02", "5", "on",
    ]  # fmt: skip
    assert parse_yaml("{1: a, 007: b, null: c, true: d}", "f").plain() == {
        "1": "a",
        "007": "b",
        "null": "c",
        "true": "d",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("# only a remark", "the file is empty"),
        ("a: [1", "f.yaml:1:"),
        ("a: 1\nb: c: d\n", "f.yaml:2:5: this is not YAML"),
        ("a: 1\na: 2", "f.yaml:2:1: the key 'a' stands twice; the first is in line 1"),
        ("a: &x 1\nb: *x", "anchors and aliases are not used"),
        ("a: !!python/object:os.system x", "is not used in mappings"),
        ("a: !x y", "is not used in mappings"),
        ("? [a]\n: b", "a key is a plain word or text"),
        ("a\0b", "this is not YAML"),
        ("a: 1\n---\nb: 2", "this is not YAML"),
        ("[" * 60 + "]" * 60, "nested deeper than 40 levels"),
        ("[" * 5000, "nested deeper"),
        ("{a: " * 45 + "1" + "}" * 45, "nested deeper than 40 levels"),
        ("x" * (LONGEST_FILE + 1), "more than 1,000,000 characters"),
        ("\x07", "this is not YAML"),
        ("a: 1\nb: \ud800", "f.yaml:2:1: this is not YAML: half of a surrogate pair"),
        ("a: 1\nb: [1, 2\n\n", "f.yaml:2:"),
        ("a: !!map {b: 1}", "is not used in mappings"),
        ("&a b: 1", "anchors and aliases are not used"),
        ("a: *x", "anchors and aliases are not used"),
    ],
)
def test_what_no_mapping_can_be_is_refused(text: str, reason: str) -> None:
    assert reason in invalid(text)


@pytest.mark.parametrize("loader", [yaml.BaseLoader, yaml.CBaseLoader])
def test_a_machine_without_libyaml_reads_the_same(
    monkeypatch: pytest.MonkeyPatch, loader: type[yaml.BaseLoader]
) -> None:
    monkeypatch.setattr(located, "_PARSER", loader)
    text = """a: [NO, "1", 1, 007, -2.50, ~, true, 'null', {"x": !!str 5}]
b: |
  two
  lines
c:
"""
    assert parse_yaml(text, "f").plain() == {
        "a": ["NO", "1", 1, "007", Decimal("-2.50"), None, True, "null", {"x": "5"}],
        "b": "two\nlines\n",
        "c": None,
    }


@settings(deadline=None)
@given(st.text(max_size=60) | st.text("ab:[]{}-&*!?|>'\"# \n01.", max_size=60))
def test_any_text_is_a_file_or_is_refused(text: str) -> None:
    with suppress(InvalidMappingError):
        assert parse_yaml(text, "f").mark.file == "f"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", "a.yaml:1:1: a file begins with `mapping: name`"),
        ("mapping: {}", "a mapping has a name"),
        ("library: x\ntable: {}", "a library has no key 'table'; did you mean tables?"),
        (reading("ref: r", "target_: x"), "a mapping has no key 'target_'; did you mean target?"),
        ("mapping: m", "either `reads` or `writes`"),
        ("mapping: m", "the key `version` is missing"),
        ("mapping: m", "the key `fields` is missing"),
        (reading("ref: r", "writes: json"), "either `reads` or `writes`"),
        (reading("ref: r", "source: Order"), "a mapping that reads has a `target`"),
        (writing("ref: ref", "target: Order"), "a mapping that writes has a `source`"),
        (writing("ref: ref", "documents: x"), "`documents` is for mappings that read"),
        (reading("ref: r", syntax="jsn"), "there is no syntax 'jsn'; did you mean json?"),
        (reading("ref: r", target="Ordr"), "there is no canonical model 'Ordr'; did you mean Order?"),
        (
            reading("ref: r", "syntax: {max_byte: 1}"),
            "the options of json: there is no argument 'max_byte' here",
        ),
        (reading("ref: r", "syntax: {max_depth: 0}"), "max_depth: "),
        (reading("ref: r", "documents: 'a['"), "`documents`: "),
        (reading("ref: r", "blank: yes"), "`blank` is missing or keep"),
        (reading("ref: r", "context: shop"), "a list of names is expected"),
        (reading("ref: r", "use: [x]"), "there is no library 'x'"),
        (reading("ref: r", "tests: [{input: a}]"), "a test is written as"),
        (reading("ref: r", "tables: [1]"), "tables are written as"),
        (reading("ref: r", "tables: {t: {codes: {a: b}}}"), "the code table t needs a `source`"),
        (reading("ref: r", "tables: {t: {source: s}}"), "the code table t needs `codes`"),
        (reading("ref: r", "tables: {t: {source: s, codes: {a: [b]}}}"), "a code stands for a single word"),
        (
            reading("ref: r", "tables: {t: {source: s, codes: {a: b}, kind: x}}"),
            "a code table has no key 'kind'",
        ),
        (
            reading("ref: r", "tables: {t: {source: s, ignore_case: true, codes: {a: b, A: c}}}"),
            "there in another case",
        ),
        (
            reading("ref: r", "tables: {t: {source: s, codes: {a: b}, write_as: {b: c}}}"),
            "doesn't stand for 'b'",
        ),
        ("mapping: m\nversion: 1\nreads: json\ntarget: Order\nfields: [a]", "fields are written as"),
        (reading("ref: {}"), "says nothing about its value"),
        (reading("ref: {from: a, value: b}"), "from and value contradict each other"),
        (reading("ref: {form: a}"), "an entry has no key 'form'; did you mean from or"),
        (reading("ref: {from: ''}"), "a text is expected here"),
        (reading("ref: {from: true}"), "a text is expected here"),
        (reading("ref: {counter: x}"), "`counter` is the first number"),
        (reading("ref: {first_of: a}"), "`first_of` has a list"),
        (reading("ref: []"), "`list` has a list"),
        (reading("ref: {from: a, required: yes}"), "true or false is expected"),
        (reading("ref: {from: a, transform: [[upper]]}"), "a transform is a name"),
        (reading("ref: {from: a, transform: {upper: x, lower: y}}"), "a transform is a name"),
        (reading("ref: {from: a, finish: join}"), "`finish` is for `each` and `list`"),
        (reading("ref: {from: a, one_or_many: true}"), "`one_or_many` is for `each`"),
        (reading("ref: {from: a, within: b}"), "`within` is for `each`"),
        (reading("ref: {value: a, transform: upper}"), "a constant can be written as it shall be"),
        (reading("ref: {value: a, default: b}"), "a constant is always there"),
        (reading("ref: {from: a, default: b, required: true}"), "a value is always there"),
        (reading("ref: {first_of: [{value: a}, b]}"), "a.yaml:7:32: this is never reached"),
        (reading("ref: {first_of: [{from: a, default: x}, b]}"), "this is never reached"),
        (reading("ref: {from: a, when_missing: never}"), "`when_missing` is omit, null or blank"),
        (reading("ref: {from: 'a['}"), "the path 'a[' can't be used"),
        (reading("ref: r\nlines: {each: 'a[', fields: {sku: s}}"), "the path 'a[' can't be used"),
        (reading("ref: r\ntags: {each: 'a['}"), "the path 'a[' can't be used"),
        (reading("ref: r\nbuyer: {from: 'a[', fields: {name: s}}"), "the path 'a[' can't be used"),
        (reading("ref: {from: a, when: 'a['}"), "the path 'a[' can't be used"),
        (reading("ref: {context: shop}"), "declare 'shop' under `context`"),
        (reading("ref: {context: 'shop[*]'}", "context: [shop]"), "is no plain path"),
        (
            reading("ref: r\nbuyer: {context: shop, fields: {name: n}}", "context: [shop]"),
            "for mappings that write",
        ),
        (reading("ref: {from: r, table: x}"), "there is no code table 'x'"),
        (
            reading("ref: {from: r, transform: {python: x}}", "python: [x]"),
            "no Python transform 'x' is registered",
        ),
        (reading("ref: r", syntax="xml", head="syntax: {namespaces: {'1': u}}"), "can't be a prefix"),
    ],
)
def test_what_is_wrong_with_a_document_is_found(text: str, found: str) -> None:
    assert any(found in one for one in findings(text)), findings(text)


def test_all_of_it_is_found_at_once() -> None:
    text = reading("ref: {form: a}\nnots: x\nstatus: {from: s, table: t}", "blnk: keep")
    assert [one.partition(": ")[0] for one in findings(text)] == [
        "a.yaml:5:1", "a.yaml:7:3", "a.yaml:7:9", "a.yaml:8:3", "a.yaml:9:3", "a.yaml:9:21",
    ]  # fmt: skip


def test_a_path_that_looks_like_a_number_is_a_text() -> None:
    assert "the path '1.5' can't be used" in findings(reading("ref: {from: 1.5}"))[0]


def test_every_reachable_first_of_is_fine() -> None:
    assert findings(reading("ref: {first_of: [{value: a, when: x}, {from: b, default: c}]}")) == []


def test_the_unusual_can_be_said() -> None:
    made = mapping(
        reading("ref: {from: r, transform: null, note: why}\nnote: {from: n, when_missing: null}", "note: n")
    )
    assert made.check(b'{"r": "1"}') == ()
    assert repr(NOTHING) == "NOTHING"


def test_cases_are_kept_for_the_tests_that_run_them() -> None:
    text = reading(
        "ref: r", "tests: [{input: a.json, expected: a.yaml, context: {now: 1}}, {input: b, expected: c}]"
    )
    loaded = MappingRegistry(environment()).load({"f.yaml": text})
    first, second = loaded.cases["m"]
    assert (first.input, first.expected, first.context) == ("a.json", "a.yaml", {"now": 1})
    assert second.context == {}
