"""`orderhub edi`: what is in EDI files, and what is wrong with them."""

import gzip
from pathlib import Path
from typing import IO, Any

import pytest

from tests.hub.cli.calling import call
from tests.mappings.edi.files import ORDER, ORDERS, group, order, x12

WRONG = x12(*group(*order("BEG*00*SA*PO-1**20261120", "PO1*1*5*EA*9.95**VN*CUP", count=9)))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "order.edi").write_bytes(ORDER)
    (tmp_path / "orders.edi").write_bytes(ORDERS)
    (tmp_path / "wrong.edi").write_bytes(WRONG)
    return tmp_path


def test_a_sound_file_says_nothing_but_a_count(here: Path) -> None:
    said = call(here, "edi", "validate", "order.edi", "--level", "envelope")
    assert (said.status, said.out) == (0, "")
    assert "1 set in 1 interchange: 1 sound" in said.errors


def test_each_error_is_a_line_with_its_position(here: Path) -> None:
    said = call(here, "edi", "validate", "wrong.edi", "--level", "envelope")
    assert said.status == 1
    offset = WRONG.index(b"SE*9") + 3
    expected = (
        f"set 0001, segment 4, element 1, byte {offset}: SE01-count: SE says 9 segments, and 4 are there\n"
    )
    assert said.out == expected


def test_several_files_are_named(here: Path) -> None:
    said = call(here, "edi", "validate", "order.edi", "wrong.edi", "--level", "envelope")
    assert said.out.startswith("wrong.edi: set 0001,")
    assert said.status == 1


def test_sets_are_checked_by_their_grammar(here: Path) -> None:
    (here / "short.edi").write_bytes(x12(*group(*order("PO1*1*5*EA*9.95**VN*CUP"))))
    assert call(here, "edi", "validate", "order.edi").status == 0
    said = call(here, "edi", "validate", "short.edi")
    assert said.status == 1
    assert "BEG" in said.out


def test_a_set_without_a_grammar_is_a_warning(here: Path) -> None:
    (here / "other.edi").write_bytes(ORDER.replace(b"ST*850", b"ST*199"))
    said = call(here, "edi", "validate", "other.edi")
    assert said.status == 0
    assert ": no-grammar: warning: there is no grammar for 199" in said.out


def test_a_partner_may_want_more(here: Path) -> None:
    overlay = "overlay acme\non x12 004010 850\nrequire CUR\n"
    (here / "acme.overlay").write_text(overlay, encoding="utf-8")
    said = call(here, "edi", "validate", "order.edi", "--partner", "acme.overlay")
    assert said.status == 1
    assert "CUR" in said.out
    assert call(here, "edi", "validate", "order.edi", "--partner", ".").status == 1


def test_an_overlay_that_is_wrong_is_named_with_its_line(here: Path) -> None:
    (here / "acme.overlay").write_text("overlay acme\non x12 004010 999\n", encoding="utf-8")
    said = call(here, "edi", "validate", "order.edi", "--partner", "acme.overlay")
    assert said.status == 2
    assert "acme.overlay:2" in said.errors
    (here / "empty").mkdir()
    assert "no *.overlay" in call(here, "edi", "validate", "order.edi", "--partner", "empty").errors
    (here / "acme.overlay").write_bytes(b"\xff\xfe")
    assert "UTF-8" in call(here, "edi", "validate", "order.edi", "--partner", "acme.overlay").errors


def test_json_lists_faults_and_counts(here: Path) -> None:
    said = call(here, "edi", "validate", "wrong.edi", "nowhere.edi", "--level", "envelope", "--json")
    first, second = said.data["faults"]
    assert (first["code"], first["set"], first["segment"], first["standard_code"]) == (
        "SE01-count",
        "0001",
        4,
        "4",
    )
    assert (second["file"], second["code"]) == ("nowhere.edi", "unreadable")
    assert (said.data["ok"], said.data["sets"], said.data["accepted"], said.data["errors"]) == (
        False,
        1,
        0,
        2,
    )


def test_what_cannot_be_opened_does_not_stop_the_others(here: Path) -> None:
    (here / "folder").mkdir()
    said = call(here, "edi", "validate", "nowhere.edi", "folder", "wrong.edi", "--level", "envelope")
    assert "nowhere.edi can't be read: No such file or directory; is the path right?" in said.errors
    assert "folder can't be read: Is a directory; name the files in it" in said.errors
    assert "SE01-count" in said.out
    assert said.status == 2


@pytest.mark.parametrize("what", ["parse", "validate", "ack"])
@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("nowhere.edi", "No such file"),
        ("folder", "Is a directory"),
        ("locked.edi", "Permission denied; let it be read"),
    ],
)
def test_a_file_that_can_not_be_opened_is_a_misuse_of_each_command(
    here: Path, monkeypatch: pytest.MonkeyPatch, what: str, file: str, says: str
) -> None:
    (here / "folder").mkdir()
    opened = Path.open

    def locked(path: Path, mode: str = "r") -> IO[Any]:
        """Keep one file locked for root too."""
        if path.name == "locked.edi":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, mode)

    monkeypatch.setattr(Path, "open", locked)
    said = call(here, "edi", what, file)
    assert said.status == 2
    assert f"{file} can't be read: {says}" in said.errors
    assert "Traceback" not in said.errors


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"", "the file is empty"), (b"\0" * 9, "nothing but white space or NUL"), (b" \r\n", "white")],
)
def test_a_file_with_nothing_in_it_is_called_what_it_is(here: Path, body: bytes, says: str) -> None:
    (here / "void.edi").write_bytes(body)
    said = call(here, "edi", "validate", "void.edi")
    assert (said.status, says in said.out) == (1, True)


def test_files_that_are_no_edi_are_named_for_what_they_are(here: Path) -> None:
    for name, raw, hint in (
        ("a.gz", gzip.compress(ORDER), "gzip"),
        ("b.edi", ORDER.decode().encode("utf-16"), "UTF-16"),
        ("c.edi", b"", "empty"),
        ("d.edi", bytes(range(256)), "neither"),
    ):
        (here / name).write_bytes(raw)
        said = call(here, "edi", "validate", name)
        assert (said.status, hint in said.out) == (1, True)
        said = call(here, "edi", "parse", name)
        assert (said.status, hint in said.errors) == (1, True)


def test_parsing_shows_each_set_with_its_segments(here: Path) -> None:
    said = call(here, "edi", "parse", "order.edi")
    assert said.status == 0
    assert said.out.splitlines()[:3] == ["850 004010 0001", "  ST*850*0001", "  BEG*00*SA*PO-1**20261120"]


def test_parsing_goes_on_where_an_envelope_is_wrong(here: Path) -> None:
    said = call(here, "edi", "parse", "wrong.edi", "orders.edi")
    assert said.status == 0
    assert "SE01-count" in said.errors
    assert "orders.edi: ORDERS D96A 1" in said.out


def test_json_has_each_sets_tree(here: Path) -> None:
    said = call(here, "edi", "parse", "--json", "orders.edi", "wrong.edi")
    first, second = said.data["sets"]
    assert (first["type"], first["control"], first["segments"], first["accepted"]) == ("ORDERS", "1", 5, True)
    assert first["tree"]["SG25"][0]["LIN"]["03"] == "4000862141404"
    assert (second["accepted"], said.data["faults"][0]["code"]) == (False, "SE01-count")


def test_what_a_terminal_would_obey_is_made_visible(here: Path) -> None:
    (here / "bell.edi").write_bytes(x12(*group(*order("MSG*\x1b[2J\x07"))))
    said = call(here, "edi", "parse", "bell.edi")
    assert "MSG*\\x1b[2J\\x07" in said.out


def test_the_input_is_read_as_a_file_is(here: Path) -> None:
    said = call(here, "edi", "validate", "-", "--level", "envelope", given=WRONG)
    assert (said.status, "SE01-count" in said.out) == (1, True)
