"""Mapping documents are reloaded as they change: validated first, swapped at once, and a bad edit keeps the old."""

import asyncio
from pathlib import Path

import pytest

from canonical.documents import OrderDocument
from core.errors import DocumentError
from hub.catalogue import catalogue
from hub.mappings import MappingLibrary, Reload, UnknownMappingError, canonical_models, sources
from mappings import InvalidMappingError

CANCEL = """\
mapping: own/cancel
version: 1
reads: json
target: CancelDocument
context: [channel]
fields:
  channel: {context: channel}
  channel_ref: {from: order, required: true}
  cancel_id: {from: id, required: true}
  reason: {from: why, transform: upper}
"""
RAW = b'{"order": "W-1", "id": "c-1", "why": "late"}'


def write(folder: Path, text: str, name: str = "cancel.yaml") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, CANCEL)
    return tmp_path


@pytest.fixture
def library(folder: Path) -> MappingLibrary:
    return MappingLibrary.load(sources((), [folder]))


SCHEMA = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="Cancel"><xs:complexType><xs:sequence>
    <xs:element name="Order" type="xs:string"/><xs:element name="Id" type="xs:positiveInteger"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>
"""
BY_SCHEMA = """\
mapping: own/cancel-xml
version: 1
reads: xml
target: CancelDocument
syntax: {schema_file: schemas/cancel.xsd}
context: [channel]
fields: {channel: {context: channel}, channel_ref: Order, cancel_id: Id}
"""


def reason_of(library: MappingLibrary) -> str:
    (document,) = library.read("own/cancel", RAW, {"channel": "shop"})
    return str(getattr(document, "reason", ""))


class TestSchemas:
    def test_a_document_is_held_against_a_schema_beside_its_mapping(self, folder: Path) -> None:
        write(folder, BY_SCHEMA, "by_schema.yaml")
        write(folder, SCHEMA, "schemas/cancel.xsd")
        library = MappingLibrary.load(sources((), [folder]))
        raw = b"<Cancel><Order>W-1</Order>\n <Id>c-1</Id></Cancel>"
        assert library.read("own/cancel-xml", raw.replace(b"c-1", b"1"), {"channel": "shop"})
        with pytest.raises(DocumentError) as refused:
            library.read("own/cancel-xml", raw, {"channel": "shop"})
        (problem,) = refused.value.problems
        assert (problem.line, problem.column, problem.field) == (2, 2, "/Cancel/Id")
        assert "schemas/cancel.xsd" in problem.reason

    @pytest.mark.parametrize("name", ["schemas/cancel.xsd", "../cancel.xsd", "/etc/cancel.xsd", "own.yaml"])
    def test_one_that_is_not_there_or_lies_elsewhere_is_named(self, folder: Path, name: str) -> None:
        write(folder.parent, SCHEMA, "cancel.xsd")
        write(folder, BY_SCHEMA.replace("schemas/cancel.xsd", name), "own.yaml")
        with pytest.raises(InvalidMappingError) as refused:
            MappingLibrary.load(sources((), [folder]))
        assert f"there is no schema '{name}'" in str(refused.value)


class TestReading:
    def test_every_connectors_documents_can_be_loaded(self) -> None:
        library = MappingLibrary.load(sources(catalogue().values()))
        assert {"webstore/order", "stripe/captured", "warehouse/dispatch"} <= set(library.current)
        assert [finding for finding in library.current.warnings if "error" in str(finding.severity)] == []

    def test_a_document_that_is_wrong_names_mapping_version_and_place(self, library: MappingLibrary) -> None:
        with pytest.raises(DocumentError) as refused:
            library.read("own/cancel", b'{"order": "W-1",\n "id": 7}', {"channel": "shop"})
        (problem,) = refused.value.problems
        assert problem.source == library.named("own/cancel")
        assert problem.source.startswith("own/cancel@1+")
        assert (problem.line, problem.field) == (2, "id → cancel_id")

    def test_a_text_is_not_quoted_twice(self, library: MappingLibrary) -> None:
        with pytest.raises(DocumentError) as refused:
            library.read("own/cancel", b'{"order": "", "id": [1]}', {"channel": "shop"})
        assert all(not str(problem.value).startswith("'") for problem in refused.value.problems)

    def test_an_unknown_mapping_is_told_with_what_was_meant(self, library: MappingLibrary) -> None:
        with pytest.raises(UnknownMappingError, match="own/cancel"):
            library.read("own/cancle", RAW, {})

    def test_a_mapping_that_reads_does_not_write(self, library: MappingLibrary) -> None:
        with pytest.raises(UnknownMappingError, match="reads"):
            library.write("own/cancel", {})

    def test_another_mapping_may_stand_in(self, folder: Path) -> None:
        overlay = "overlay: shop/cancel\nbase: own/cancel\nversion: 1\nchange:\n  reason: {from: order}\n"
        write(folder, overlay, "overlay.yaml")
        library = MappingLibrary.load(sources((), [folder]))
        view = library.with_overlays({"own/cancel": "shop/cancel"})
        (document,) = view.read("own/cancel", RAW, {"channel": "shop"})
        assert getattr(document, "reason", None) == "W-1"
        assert reason_of(library) == "LATE"

    def test_files_of_tests_are_no_mappings(self, folder: Path) -> None:
        write(folder, "anything: else\n", "tests/case.yaml")
        assert list(MappingLibrary.load(sources((), [folder])).current) == ["own/cancel"]

    def test_every_canonical_document_can_be_named(self) -> None:
        assert canonical_models()["OrderDocument"] is OrderDocument


class TestReloading:
    def test_a_good_edit_shows_at_the_next_call(self, folder: Path, library: MappingLibrary) -> None:
        before = library.named("own/cancel")
        write(
            folder, CANCEL.replace("transform: upper", "transform: lower").replace("version: 1", "version: 2")
        )
        assert reason_of(library) == "LATE"
        result = library.reload()
        assert result.changed == ("own/cancel",)
        assert reason_of(library) == "late"
        assert library.named("own/cancel") != before
        assert library.named("own/cancel").startswith("own/cancel@2+")

    @pytest.mark.parametrize(
        "bad",
        ["", "mapping: [", CANCEL.replace("upper", "uper"), CANCEL.replace("channel_ref", "chanel_ref")],
    )
    def test_a_bad_edit_keeps_the_old_and_says_why(
        self, folder: Path, library: MappingLibrary, bad: str
    ) -> None:
        before = library.current
        write(folder, bad)
        result = library.reload()
        assert result.findings == library.findings != ()
        assert str(result.findings[0].mark).startswith(f"{folder}/cancel.yaml:")
        assert library.current is before
        assert reason_of(library) == "LATE"
        write(folder, CANCEL)
        assert library.reload().findings == library.findings == ()

    def test_one_bad_file_keeps_every_other_edit_back(self, folder: Path, library: MappingLibrary) -> None:
        write(folder, CANCEL.replace("upper", "lower"))
        write(folder, "mapping: broken\n", "broken.yaml")
        assert library.reload().findings
        assert reason_of(library) == "LATE"

    def test_a_first_load_that_is_wrong_tells_everything(self, folder: Path) -> None:
        write(folder, CANCEL.replace("upper", "uper").replace("own/", "other/"), "other.yaml")
        write(folder, CANCEL.replace("channel_ref", "chanel_ref"))
        with pytest.raises(InvalidMappingError) as refused:
            MappingLibrary.load(sources((), [folder, folder / "nowhere"]))
        assert "nowhere" in str(refused.value)

    async def test_a_watched_folder_is_reloaded_and_bad_edits_are_told(
        self, folder: Path, library: MappingLibrary
    ) -> None:
        stop, told = asyncio.Event(), asyncio.Queue[Reload]()
        watching = asyncio.create_task(library.watch(stop, told.put_nowait, settle_ms=50))
        try:
            assert (await edited(folder, CANCEL.replace("upper", "uper"), told)).findings
            assert reason_of(library) == "LATE"
            assert (await edited(folder, CANCEL.replace("upper", "lower"), told)).changed == ("own/cancel",)
            assert reason_of(library) == "late"
        finally:
            stop.set()
            await asyncio.wait_for(watching, 10)

    async def test_without_folders_there_is_nothing_to_watch(self) -> None:
        stop = asyncio.Event()
        stop.set()
        await asyncio.wait_for(MappingLibrary.load(sources((), ())).watch(stop), 1)


async def edited(folder: Path, text: str, told: "asyncio.Queue[Reload]") -> Reload:
    """Write until the watcher has seen it: it may not have begun to look when the first edit is made."""
    for _ in range(40):
        await asyncio.to_thread(write, folder, text)
        try:
            return await asyncio.wait_for(told.get(), 0.5)
        except TimeoutError:
            continue
    raise AssertionError("the watcher saw no edit")
