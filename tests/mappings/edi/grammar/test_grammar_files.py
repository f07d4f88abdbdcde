"""Grammars of one's own are read from folders, and what is wrong with them is said by file and line."""

from pathlib import Path

import pytest

from mappings.syntax.edi.grammar import PACKAGED, GrammarFolders, GrammarLibrary, InvalidGrammarError
from mappings.syntax.edi.model import SetKey, Standard
from tests.mappings.edi.grammar.harness import LIBRARY, X12_MARKS, short, x12

KEY = SetKey(Standard.X12, "850", "004010")
DICTIONARY = (
    "element 1 AN 1..3 | One\ncomposite C1\n  1! 1\nsegment AA\n  1! C1\nsegment BB\n  1 1\n  note P0102\n"
)


def library(folder: Path, dictionary: str, text: str) -> GrammarLibrary:
    """Return grammars with an 850 of one's own in front."""
    target = folder / "x12" / "004010"
    target.mkdir(parents=True)
    (target / "dictionary.grammar").write_text(dictionary)
    (target / "850.grammar").write_text(text)
    return GrammarLibrary(GrammarFolders((folder, PACKAGED)))


def test_a_folder_of_one_s_own_takes_the_place_of_what_comes_with_the_hub(tmp_path: Path) -> None:
    own = library(tmp_path, DICTIONARY, "set 850 | Ours\n  AA!\n  loop BB:2\n    BB! AA\n")
    assert short(x12("ST*850*1~AA*x~BB*x*y~AA*z~SE*5*1~", library=own)) == []
    assert short(x12("ST*850*1~AA*x~BB*x~BEG*1~SE*5*1~", library=own)) == [
        "3 BB02 element-needed 2",
        "4 BEG segment-unknown 1",
    ]
    assert list(GrammarFolders((tmp_path,)).known()) == [KEY]


@pytest.mark.parametrize(
    ("dictionary", "text", "found"),
    [
        (
            DICTIONARY,
            "set 850\n  AA! CC\n",
            "x12/004010/850.grammar:2:3: there is no segment 'CC'; there is AA, BB",
        ),
        (DICTIONARY, "set 850\n  AA!!\n", "850.grammar:2:3: 'AA!!' can't be read: write NAME"),
        (DICTIONARY, "set 850\n  AA:0\n", "850.grammar:2:3: 'AA:0' can't be read"),
        (
            DICTIONARY,
            "set 850\n  loop BB:2\n    AA BB!\n",
            "850.grammar:2:3: the loop BB must start with a mandatory",
        ),
        (DICTIONARY, "set 850\n  loop\n    BB!\n", "850.grammar:2:3: write `loop NAME:COUNT`"),
        (DICTIONARY, "set 850\n  AA\n    BB\n", "850.grammar:3:5: only the lines of a loop are indented"),
        (
            DICTIONARY,
            "set 851\n  AA\n",
            "850.grammar:1:1: the file is named after 850, and holds the set 851",
        ),
        (DICTIONARY, "sett 850\n  AA\n", "850.grammar:1:1: 'sett' says nothing here; did you mean set"),
        (DICTIONARY, "set 850 like 003010\n", "850.grammar:1:1: this version isn't based on 003010"),
        (DICTIONARY, "set 850 alike 004010\n", "850.grammar:1:1: write `set TYPE | title`"),
        (DICTIONARY, "", "850.grammar:1:1: write `set TYPE | title`, and its segments"),
        (
            "element 1 XX 1..3\n",
            "set 850\n",
            "dictionary.grammar:1:1: write `element NUMBER TYPE LENGTHS | title`",
        ),
        ("element 1 AN 3..1\n", "set 850\n", "dictionary.grammar:1:1: write `element NUMBER TYPE LENGTHS"),
        (DICTIONARY + "element 1 AN 2\n", "set 850\n", ":9:1: the element 1 is defined twice in this file"),
        (DICTIONARY + "codes 9 A\n", "set 850\n", ":9:1: there is no element '9'"),
        (DICTIONARY + "codes 1\n", "set 850\n", ":9:1: write `codes ELEMENT CODE CODE …`"),
        (DICTIONARY + "segment DD\n  7\n", "set 850\n", ":10:3: there is no element or composite '7'"),
        (DICTIONARY + "segment DD\n", "set 850\n", ":9:1: DD has no elements"),
        (DICTIONARY + "segment DD shut\n", "set 850\n", ":9:1: write `segment NAME | title`"),
        (
            DICTIONARY + "segment DD\n  1\n  note X01\n",
            "set 850\n",
            ":11:3: 'X01' is no rule between elements",
        ),
        (
            DICTIONARY + "segment DD\n  1\n  note P0102\n",
            "set 850\n",
            ":11:3: the rule P0102 names element 2, and",
        ),
        (DICTIONARY + "base 003010\n", "set 850\n", ":9:1: there is no version '003010' beside this one"),
        (DICTIONARY + "bass 003010\n", "set 850\n", ":9:1: 'bass' says nothing here; did you mean base"),
    ],
)
def test_what_is_wrong_with_a_grammar_is_said_by_file_and_line(
    tmp_path: Path, dictionary: str, text: str, found: str
) -> None:
    with pytest.raises(InvalidGrammarError) as caught:
        library(tmp_path, dictionary, text).shape(KEY)
    assert found in str(caught.value)


def test_all_files_of_a_folder_are_checked_at_once(tmp_path: Path) -> None:
    library(tmp_path, DICTIONARY, "set 850\n  CC\n")
    (tmp_path / "x12" / "004010" / "997.grammar").write_text("set 997\n  DD\n")
    with pytest.raises(InvalidGrammarError) as caught:
        GrammarFolders((tmp_path, PACKAGED)).check()
    assert [finding.mark.file for finding in caught.value.findings] == [
        "x12/004010/850.grammar",
        "x12/004010/997.grammar",
    ]
    GrammarFolders().check()


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidGrammarError, match="more than 2,000,000 characters"):
        library(tmp_path, "#" * 2_000_001, "").shape(KEY)


@pytest.mark.parametrize(
    "key",
    [
        SetKey(Standard.X12, "837", "004010"),
        SetKey(Standard.X12, "850", "003010"),
        SetKey(Standard.X12, "../850", "004010"),
        SetKey(Standard.EDIFACT, "ORDERS", "../D96A"),
        SetKey(Standard.EDIFACT, "dictionary", "D96A"),
        SetKey(Standard.EDIFACT, "CONTRL", "D99"),
        SetKey(Standard.X12, "", ""),
    ],
)
def test_there_is_no_grammar_for_what_is_not_known(key: SetKey) -> None:
    assert LIBRARY.check_for(key, X12_MARKS) is None


NOTES = "segment CC\n  1 1 1\n  note {rule}\n"


@pytest.mark.parametrize(
    ("rule", "values", "found"),
    [
        ("P0102", "x", ["3 CC02 element-needed 2"]),
        ("R0102", "**x", ["3 CC01 element-needed 2"]),
        ("E010203", "x*y*z", ["3 CC02 element-excluded 10", "3 CC03 element-excluded 10"]),
        ("C010203", "x", ["3 CC02 element-needed 2", "3 CC03 element-needed 2"]),
        ("L010203", "x", ["3 CC02 element-needed 2"]),
        ("L010203", "x**y", []),
        ("D1(010,020)", "**x", ["3 CC01 element-needed 2"]),
        ("D1(010,020)", "x*y", ["3 CC02 element-excluded 10"]),
        ("D2(010,020)", "*x", ["3 CC01 element-needed 2"]),
        ("D3(010,020)", "**x", ["3 CC01 element-needed 2"]),
        ("D4(010,020)", "x*y", ["3 CC02 element-excluded 10"]),
        ("D5(010,020)", "x", ["3 CC02 element-needed 2"]),
        ("D6(010,020,030)", "x", ["3 CC02 element-needed 2"]),
        ("D7(010,020)", "x*y", ["3 CC02 element-excluded 10"]),
        ("D7(010,020)", "*y", []),
    ],
)
def test_each_rule_between_elements(tmp_path: Path, rule: str, values: str, found: list[str]) -> None:
    own = library(tmp_path, DICTIONARY + NOTES.format(rule=rule), "set 850\n  AA! CC!\n")
    assert short(x12(f"ST*850*1~AA*x~CC*{values}~SE*4*1~", library=own)) == found
