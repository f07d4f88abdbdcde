"""The seam for another syntax: one that knows segments and elements joins without the engine knowing of it."""

from collections.abc import Mapping
from typing import Literal

import pytest
from pydantic import ValidationError

from mappings import Environment, Finding, MappingError, MappingRegistry, Position, compile_mapping
from mappings.data import Data
from mappings.errors import ErrorCode
from mappings.syntax import SYNTAXES, SyntaxKind, SyntaxOptions, Wire
from mappings.syntax.base import Syntax, codec_of, refuse
from mappings.syntax.trees import TreePlace, tree_name
from tests.mappings.shop import MODELS, Line, Order, reading, writing


class SegmentOptions(SyntaxOptions):
    terminator: str = "~"


class SegmentWire:
    """`{"segments": [{"tag": …, "elements": […]}]}`, with the number of each segment and element."""

    def __init__(self, root: Data) -> None:
        self.root = root

    def name(self, place: TreePlace) -> str:
        return tree_name(place)

    def position(self, place: TreePlace) -> Position | None:
        numbers = [step + 1 for step in place if isinstance(step, int)]
        return (
            Position(segment=numbers[0], element=numbers[1] if len(numbers) > 1 else None)
            if numbers
            else None
        )


class SegmentSyntax:
    paths: Literal["jmespath"] = "jmespath"

    def __init__(self, options: SegmentOptions) -> None:
        if options.terminator == "*":
            raise ValueError("the terminator separates elements already")
        self._terminator = options.terminator

    def read(self, raw: bytes) -> Wire:
        segments: list[Data] = []
        for segment in raw.decode().strip(self._terminator).split(self._terminator):
            tag, *elements = segment.split("*")
            if len(tag) not in (2, 3):
                raise refuse(f"{tag!r} is no segment", Position(segment=len(segments) + 1))
            segments.append({"tag": tag, "elements": elements})
        return SegmentWire({"segments": segments})

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        if not isinstance(tree, dict):
            raise TypeError("no tree")
        lines = ["*".join([tag, *map(str, elements)]) for tag, elements in tree.items()]
        return (self._terminator.join(lines) + self._terminator).encode()


ENVIRONMENT = Environment(
    MODELS,
    {"nothing": lambda _tree: None},
    {**SYNTAXES, "segments": SyntaxKind(SegmentOptions, SegmentSyntax)},
)
FIELDS = """
ref: "segments[?tag=='BEG'].elements[] | [2]"
lines:
  each: "segments[?tag=='PO1']"
  fields:
    sku: "elements[6]"
    quantity: {from: "elements[1]", transform: int}
"""
RAW = b"BEG*00*SA*4711~PO1*1*3*EA***BP*shirt~PO1*2*5*EA***BP*hat~"


def test_it_fits_the_protocol() -> None:
    made: Syntax = SegmentSyntax(SegmentOptions())
    assert made.paths == "jmespath"


def test_a_document_of_segments_is_read() -> None:
    made = compile_mapping(reading(FIELDS, syntax="segments"), ENVIRONMENT)
    assert made.read(RAW, expect=Order) == Order(
        ref="4711", lines=(Line(sku="shirt", quantity=3), Line(sku="hat", quantity=5))
    )


def test_errors_name_segment_and_element() -> None:
    made = compile_mapping(reading(FIELDS, syntax="segments"), ENVIRONMENT)
    (found,) = made.check(RAW.replace(b"2*5", b"2*x"))
    assert (found.source, str(found.position)) == ("segments[2].elements[1]", "segment 3, element 2")
    (found,) = made.check(b"BEG~oops")
    assert (found.reason, str(found.position)) == ("'oops' is no segment", "segment 2")


def test_a_document_of_segments_is_written() -> None:
    fields = "BEG: [{value: '00'}, ref]\nCTT: [{each: lines, finish: count}]"
    made = compile_mapping(writing(fields, syntax="segments"), ENVIRONMENT)
    assert made.write(Order(ref="7", lines=(Line(sku="a"),))) == b"BEG*00*7~CTT*1~"


def test_what_a_syntax_does_not_foresee_is_a_problem_all_the_same() -> None:
    text = writing("BEG: [ref]", "python: [nothing]\nfinish: {python: nothing}", syntax="segments")
    made = compile_mapping(text, ENVIRONMENT)
    (found,) = made.check_write(Order(ref="7"))
    assert found.reason == "this could not be translated: TypeError"
    with pytest.raises(MappingError, match="TypeError"):
        made.write(Order(ref="7"))


def findings(head: str) -> list[Finding]:
    return list(MappingRegistry(ENVIRONMENT).lint({"a.yaml": reading("ref: r", head, syntax="segments")}))


def test_what_a_syntax_says_about_its_options_is_told_at_their_line() -> None:
    (found,) = findings('syntax: {terminator: "*"}')
    assert str(found) == "a.yaml:5:9: the options of segments: the terminator separates elements already"
    (found,) = findings("syntax:\n  terminator: [x]")
    assert str(found.mark) == "a.yaml:6:3"
    records = "syntax: {header: false, records: {H: {name: h}}}"
    (found,) = MappingRegistry(ENVIRONMENT).lint({"a.yaml": reading("ref: r", records, syntax="delimited")})
    assert str(found) == "a.yaml:5:35: the options of delimited: records.H.columns is missing"


def test_all_syntaxes_bound_size_and_depth() -> None:
    for kind in SYNTAXES.values():
        assert issubclass(kind.options, SyntaxOptions)
        with pytest.raises(ValidationError):
            kind.options(max_bytes=0)


def test_encodings_have_the_names_that_partners_use() -> None:
    names: Mapping[str, str] = {
        "UTF8": "utf-8",
        "ISO_8859-1": "latin-1",
        "Windows-1252": "cp1252",
        "SHIFT_JIS": "shift_jis",
    }
    assert {name: codec_of(name) for name in names} == names
    with pytest.raises(ValueError, match="did you mean utf-8"):
        codec_of("utf-88")


def test_a_refusal_of_a_syntax_is_a_problem() -> None:
    assert refuse("no").problem.code is ErrorCode.SYNTAX
