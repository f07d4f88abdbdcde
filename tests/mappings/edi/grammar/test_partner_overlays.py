"""What a partner has otherwise is a few lines on a grammar, and what is wrong with them is said by file and line."""

from pathlib import Path

import pytest

from mappings.syntax.edi.grammar import InvalidGrammarError
from tests.mappings.edi.grammar import samples
from tests.mappings.edi.grammar.harness import LIBRARY, edifact, short, x12

ON_850 = "overlay acme\non x12 004010 850\n"
ON_ORDERS = "overlay acme\non edifact D96A ORDERS\n"
HEAD = "ST*850*0001~BEG*00*SA*PO1**20260302~"
LINE = "PO1*1*2*EA*3.50**VN*A~"


def order(change: str, body: str = LINE) -> list[str]:
    """Return what is wrong with an order for a partner with this change."""
    library = LIBRARY.with_overlays({"acme.grammar": ON_850 + change})
    return short(x12(f"{HEAD}{body}SE*9*0001~", library=library))


def said(text: str) -> list[str]:
    """Return what is wrong with an overlay."""
    return [str(finding) for finding in LIBRARY.lint({"acme.grammar": text})]


@pytest.mark.parametrize(
    ("change", "body", "found"),
    [
        ("require REF", LINE, ["3 REF segment-missing 3"]),
        ("require PO1/PID", LINE, ["4 PID segment-missing 3"]),
        ("require BEG08", LINE, ["2 BEG08 element-missing 1"]),
        ("require PO1/PO108", f"CUR*BY*EUR~{LINE}", ["4 PO108 element-missing 1"]),
        ("forbid CUR", f"CUR*BY*EUR~{LINE}", ["3 CUR segment-out-of-order 7"]),
        ("forbid SPI PO1/SPI", f"SPI*1~{LINE}", ["3 SPI segment-not-used 2"]),
        ("forbid REF03", f"REF*CO*1*x~{LINE}", ["3 REF03 element-not-used 10"]),
        ("forbid REF04-4", f"REF*CO*1**CO:1:CO:2~{LINE}", ["3 REF04-4 element-not-used 10"]),
        ("optional PO1", "", []),
        ("limit PO1 1", LINE + LINE, ["4 PO1 loop-repeats 4"]),
        ("limit PER *", "PER*OC~" * 4 + LINE, []),
        ("codes N101 ST BT", f"N1*ST*A~N1*ZZ*B~{LINE}", ["4 N101 element-code 7"]),
        ("codes PO1/N1/N101 SF", f"N1*ST*A~{LINE}N1*ST*B~", ["5 N101 element-code 7"]),
        ("codes REF04-1 CO", f"REF*CO*1**PO:2~{LINE}", ["3 REF04-1 element-code 7"]),
        ("length BEG03 4..10", LINE, ["2 BEG03 element-too-short 4"]),
        ("length REF02 1..40", f"REF*CO*{'x' * 40}~{LINE}", []),
        ("add NTE:2 after REF", f"REF*CO*1~NTE*GEN*x~NTE*GEN*y~{LINE}", []),
        ("add NTE! before CTT", LINE, ["4 NTE segment-missing 3"]),
        ("add N8:3 after REF\n  NTE! REF", f"NTE*GEN*x~REF*CO*1~NTE*GEN*y~{LINE}", []),
        ("segment ZA1\n  127! 373\nadd ZA1:* after REF", f"ZA1*1*20260101~{LINE}", []),
        ("require N1 with N101 ST", f"N1*ST*A~{LINE}", []),
        ("require N1 with N101 ST SF", f"N1*BT*A~{LINE}", ["5 N1 segment-missing 3"]),
        (
            "require PO1/PID with PID01 F",
            f"{LINE}PID*S****x~{LINE}PID*F****x~{LINE}",
            ["5 PID segment-missing 3", "8 PID segment-missing 3"],
        ),
        ("require REF with REF04-1 CO", f"REF*CO*1**CO:2~{LINE}", []),
        ("drop CTT", f"{LINE}CTT*1~", ["4 CTT segment-not-in-set 6"]),
    ],
)
def test_each_change(change: str, body: str, found: list[str]) -> None:
    assert order(change, body) == found


def test_the_overlay_in_the_documentation_can_be_used() -> None:
    page = (Path(__file__).parents[4] / "docs" / "edi.md").read_text(encoding="utf-8")
    text = page.partition("```text\noverlay")[2].partition("```")[0]
    assert said(f"overlay{text}") == []
    library = LIBRARY.with_overlays({"acme.grammar": f"overlay{text}"})
    assert "2 BEG08 element-missing 1" in short(x12(f"{HEAD}{LINE}SE*4*1~", library=library))


def test_a_message_of_edifact_is_changed_alike() -> None:
    change = "require SG2\ncodes NAD01 BY DP\nforbid SG25/SG28\nlength LIN03-1 13\n"
    library = LIBRARY.with_overlays({"acme.grammar": ON_ORDERS + change})
    text = "UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'DTM+137:20260302:102'NAD+SU+1'LIN+1++400:EN'PRI+AAA:1'UNS+S'UNT+8+1'"
    assert short(edifact(text, library=library)) == [
        "4 NAD01 element-code 12",
        "5 LIN03-1 element-too-short 40",
        "6 PRI segment-not-used 15",
    ]


def test_a_partner_s_overlays_leave_others_alone() -> None:
    LIBRARY.with_overlays({"acme.grammar": f"{ON_850}require REF SPI"})
    assert short(x12(samples.X12["850"])) == []


def test_a_need_is_open_until_the_end() -> None:
    library = LIBRARY.with_overlays({"acme.grammar": f"{ON_850}require N1 with N101 ST"})
    (fault,) = x12(f"{HEAD}{LINE}", library=library)
    assert short([fault]) == ["4 N1 segment-missing 3"]
    assert fault.message == "N1 with ST in N101 is mandatory by agreement"


def test_several_overlays_are_laid_one_on_the_other() -> None:
    second = "overlay more\non x12 004010 850\nlimit PO1 1\n"
    library = LIBRARY.with_overlays({"a.grammar": f"{ON_850}require REF\n", "b.grammar": second})
    found = short(x12(f"{HEAD}{LINE}{LINE}SE*5*1~", library=library))
    assert found == ["3 REF segment-missing 3", "4 PO1 loop-repeats 4"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{ON_850}require REFF", "acme.grammar:3:1: there is no segment or loop 'REFF'; did you mean REF"),
        (f"{ON_850}forbid PO1/XYZ", "acme.grammar:3:1: there is no segment or loop 'PO1/XYZ'"),
        (f"{ON_850}codes BEG33 A", "acme.grammar:3:1: BEG has 12 elements, and no element 33"),
        (f"{ON_850}codes REF04-9 A", "acme.grammar:3:1: REF04 has 6 components, and no component 9"),
        (f"{ON_850}codes REF04 A", "acme.grammar:3:1: C040 is a composite: name a component, as in REF04-2"),
        (f"{ON_850}length BEG 1..2", "acme.grammar:3:1: 'BEG' names no element"),
        (f"{ON_850}length BEG03 5..2", "acme.grammar:3:1: write `length ELEMENT LENGTHS`"),
        (f"{ON_850}limit PO1 many", "acme.grammar:3:1: write `limit PATH COUNT`"),
        (f"{ON_850}add XYZ after REF", "acme.grammar:3:1: there is no segment 'XYZ'"),
        (f"{ON_850}add REF", "acme.grammar:3:1: write `add USE after PATH`"),
        (f"{ON_850}require N2 with N201 ST", "acme.grammar:3:1: there is no segment or loop 'N2'"),
        (f"{ON_850}require N1 with N1 ST", "acme.grammar:3:1: 'N1' names no element: write it as N101"),
        (f"{ON_850}requir REF", "acme.grammar:3:1: an overlay has no 'requir'; did you mean require"),
        ("overlay acme\non x12 004010 851\n", "acme.grammar:2:1: there is no grammar 'x12 851 004010'"),
        (
            "overlay acme\non x13 004010 850\n",
            "acme.grammar:2:1: there is no standard 'x13'; did you mean x12",
        ),
        ("overlay acme\nrequire REF\n", "acme.grammar:1:1: write what it is laid on: `on x12 004010 850`"),
        ("on x12 004010 850\nrequire REF\n", "acme.grammar:1:1: write `overlay NAME` in the first line"),
    ],
)
def test_what_is_wrong_is_said_by_file_and_line(text: str, found: str) -> None:
    assert [line for line in said(text) if line.startswith(found)], said(text)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert len(said(f"{ON_850}require NOPE\nforbid NOPE2\n")) == 2
    with pytest.raises(InvalidGrammarError, match="NOPE2"):
        LIBRARY.with_overlays({"acme.grammar": f"{ON_850}require NOPE\nforbid NOPE2\n"})
