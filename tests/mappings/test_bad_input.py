"""Nothing that a partner sends, and nothing that an author writes, is answered with anything but a clear refusal."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings import InvalidMappingError, MappingError, MappingRegistry
from mappings.data import Data
from mappings.engine.document import MODIFIERS, SOURCES
from mappings.engine.loading import KEYS
from mappings.engine.transforms.catalogue import TRANSFORMS
from mappings.errors import ErrorCode
from mappings.syntax.json import JsonSyntax
from tests.mappings.shop import environment, mapping, reading, writing

FIELDS = """
ref: {{from: {ref}, transform: [text, {{truncate: 50}}]}}
placed_at: {{from: {at}, transform: {{datetime: {{zone: Europe/London}}}}}}
total: {{from: {total}, transform: [decimal, {{multiply: "1.5"}}, {{round: 2}}]}}
note: {{from: {note}, transform: [text, {{replace: {{pattern: "[^a-z]+", with: " "}}}}, strip]}}
"""
JSON = mapping(
    reading(
        FIELDS.format(ref="a.ref", at="a.at", total="t", note="n")
        + "tags: {each: g, transform: [text, upper]}"
    )
)
XML = mapping(
    reading(FIELDS.format(ref="a/ref", at="a/at", total="t", note="n") + "tags: {each: g}", syntax="xml")
)
ROWS = mapping(
    reading(FIELDS.format(ref="ref", at="at", total="t", note="n"), "documents: rows", syntax="delimited")
)

GOOD = {
    JSON: b'{"a": {"ref": "1", "at": "2026-07-01T12:00"}, "t": "1.50", "n": "hello", "g": ["x", "y"]}',
    XML: b"<o><a><ref>1</ref><at>2026-07-01T12:00</at></a><t>1.50</t><n>hello</n><g>x</g><g>y</g></o>",
    ROWS: b"ref,at,t,n\n1,2026-07-01T12:00,1.50,hello\n2,2026-07-01T12:00Z,2,x\n",
}
SYNTAXES = ["json", "xml", "delimited"]
MADE = dict(zip(SYNTAXES, GOOD, strict=True))


def test_the_documents_are_good_before_they_are_damaged() -> None:
    for made, raw in GOOD.items():
        assert made.check(raw) == ()


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(SYNTAXES), st.data())
def test_any_damage_is_survived(syntax: str, data: st.DataObject) -> None:
    made = MADE[syntax]
    whole = GOOD[made]
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 20)))
    odd = st.sampled_from([b"\0", b"\\u0000", b"1e99999", b"&#0;"])
    raw = whole[:start] + data.draw(st.binary(max_size=6) | odd) + whole[end:]
    problems = made.check(raw)
    assert all(problem.reason and problem.mark is not None for problem in problems)
    assert not any("could not be translated" in problem.reason for problem in problems)
    with suppress(MappingError):
        made.read_all(raw)


@settings(deadline=None)
@given(st.sampled_from(SYNTAXES), st.binary(max_size=100))
def test_any_bytes_are_survived(syntax: str, raw: bytes) -> None:
    with suppress(MappingError):
        assert MADE[syntax].read_all(raw) is not None


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
keys = st.sampled_from(["a", "at", "ref", "t"])
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "t", "n", "g"]), values, max_size=4))
def test_values_of_any_kind_in_any_place_are_survived(tree: dict[str, Data]) -> None:
    with suppress(MappingError):
        raw = JsonSyntax().write(tree)
        problems = JSON.check(raw)
        assert not any("could not be translated" in problem.reason for problem in problems)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_fifty_megabytes_are_refused_at_once(syntax: str) -> None:
    (problem,) = MADE[syntax].check(b" " * 50 * 1024 * 1024 + GOOD[MADE[syntax]])
    assert problem.code is ErrorCode.LIMIT
    assert problem.position is not None


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_cut_is_noticed_or_leaves_a_whole_document(syntax: str) -> None:
    made, whole = MADE[syntax], GOOD[MADE[syntax]]
    for end in range(len(whole)):
        with suppress(MappingError):
            assert len(made.read_all(whole[:end])) <= len(made.read_all(whole))


WRITERS = [
    mapping(writing("a: ref\nb: {from: total, transform: {format_decimal: 2}}\nc: tags\nd: note")),
    mapping(writing("o: {fields: {a: ref, '@b': note, c: {each: tags}, d: total}}", syntax="xml")),
    mapping(writing("rows: {each: lines, fields: {s: sku, q: quantity}}", syntax="delimited")),
]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([0, 1, 2]),
    st.dictionaries(
        st.sampled_from(["ref", "total", "tags", "note", "lines"]), values | st.floats(), max_size=5
    ),
)
def test_whatever_is_written_is_written_or_refused(which: int, tree: dict[str, Data]) -> None:
    with suppress(MappingError):
        assert isinstance(WRITERS[which].write(tree), bytes)
    for problem in WRITERS[which].check_write(tree):
        assert problem.reason


# ---- what authors write ---------------------------------------------------------------------------------------

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["a", "a.b", "a[", "x/y", "@", "ref", "$.a", "t", "1.5", ""])
)
words = st.sampled_from(
    [*SOURCES, *MODIFIERS, *TRANSFORMS, "by", "with", "format", "codes", "source", "name", "ref", "lines"]
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
BASE: dict[str, Data] = {
    "mapping": "m",
    "version": 1,
    "target": "Order",
    "reads": "json",
    "fields": {"ref": "r"},
}


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from([*KEYS]), anything, max_size=3),
    st.dictionaries(
        st.sampled_from(["ref", "note", "lines", "tags", "buyer", "status", "xx"]), anything, max_size=3
    ),
    st.sampled_from(SYNTAXES),
)
def test_any_mapping_file_is_loaded_or_refused(
    head: dict[str, Data], fields: dict[str, Data], syntax: str
) -> None:
    document = {**BASE, "reads": syntax, **head}
    if fields:
        document["fields"] = fields
    with suppress(InvalidMappingError):
        loaded = MappingRegistry(environment()).load({"m.yaml": json.dumps(document)})
        for made in loaded.values():
            if made.reads:
                made.check(GOOD[MADE["json"]], {"a": Decimal(1)})


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            ["change", "add", "remove", "tables", "syntax", "context", "python", "use", "tests", "base", "xx"]
        ),
        anything
        | st.dictionaries(
            st.sampled_from(["ref", "buyer.name", "lines.sku", "new", "t"]), anything, max_size=2
        ),
        max_size=4,
    ),
)
def test_any_overlay_is_loaded_or_refused(body: dict[str, Data]) -> None:
    base = {
        **BASE,
        "fields": {
            "ref": "r",
            "buyer": {"fields": {"name": "n"}},
            "lines": {"each": "l", "fields": {"sku": "s"}},
        },
    }
    overlay = {"overlay": "o", "base": "m", "version": 1, **body}
    with suppress(InvalidMappingError):
        MappingRegistry(environment()).load({"m.yaml": json.dumps(base), "o.yaml": json.dumps(overlay)})


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(TRANSFORMS)), anything, values)
def test_any_transform_takes_or_refuses_any_arguments_and_values(
    name: str, arguments: Data, value: Data
) -> None:
    with suppress(InvalidMappingError, MappingError):
        made = mapping(reading(f"ref: {{from: r, transform: {{{name}: {json.dumps(arguments)}}}}}"))
        problems = made.check(JsonSyntax().write({"r": value, "a": {"b": 2}}))
        assert not any("could not be translated" in problem.reason for problem in problems)
