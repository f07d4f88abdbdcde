"""The supplier keeps the contract of suppliers, by SFTP, by a folder and by HTTP, in X12, EDIFACT, UBL, cXML."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest

from canonical.commands import (
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    Command,
    PlacePurchaseOrder,
    RequestSupplierReturn,
)
from canonical.documents import Document
from canonical.purchase_documents import PurchaseAnswer
from canonical.purchases import LineAnswer
from core.errors import RejectedError
from core.ports import Effect
from tests.connectors.dropship_edi.front import PARTNERS_TOKEN, TOKEN, PostingStage, Premises
from tests.connectors.dropship_edi.stage import Stage
from tests.connectors.trading import PASSWORD
from tests.contracts.effect_port import Bench
from tests.contracts.supplier import OrderingContract, SupplierContract

CODES = {
    LineAnswer.ACCEPTED: "IA",
    LineAnswer.CHANGED: "IQ",
    LineAnswer.BACK_ORDERED: "IB",
    LineAnswer.REJECTED: "IR",
}
WISHES = {
    PurchaseAnswer.CANCELLED: ("01", "AT"), PurchaseAnswer.CANCEL_REFUSED: ("01", "RJ"),
    PurchaseAnswer.CHANGE_AGREED: ("04", "AT"), PurchaseAnswer.CHANGE_REFUSED: ("04", "RJ"),
}  # fmt: skip
WHOLE = {PurchaseAnswer.ACCEPTED: "AT", PurchaseAnswer.REJECTED: "RJ", PurchaseAnswer.LINES: "AC"}


def entry_of(command: Command) -> str:
    """What the supplier's ledger calls a wish."""
    if isinstance(command, PlacePurchaseOrder):
        return "purchase_order"
    if isinstance(command, ChangePurchaseOrder):
        return "change_asked"
    return "cancel_asked" if isinstance(command, CancelPurchaseOrder) else "return_asked"


class Played(OrderingContract):
    """What the supplier does when it is asked, whatever it speaks."""

    at: Stage

    @pytest.fixture
    def bench(self, stage: Stage) -> Bench:
        self.at = stage
        return Bench(stage.port, stage.supplier, stage.ledger, stage.faults, (PASSWORD,), stage.locked_out)

    def fault_keys(self, effect: Effect) -> set[str]:
        return {effect.outgoing.target}

    def happened(self, bench: Bench, effect: Effect) -> int:
        self.at.supplier.step()
        return len(self.at.ledger.of(entry_of(effect.command)))

    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        return await self.at.hear()

    async def answer(
        self, bench: Bench, number: str, answer: PurchaseAnswer, **units: tuple[LineAnswer, int]
    ) -> None:
        self.at.supplier.step()
        if answer in WISHES:
            self.at.supplier.answer_wish(number, *WISHES[answer])
            return
        words = [(sku, CODES[word], count) for sku, (word, count) in units.items()]
        self.at.supplier.answer(number, WHOLE[answer], words)

    async def ship(self, bench: Bench, number: str, *packages: dict[str, int]) -> None:
        self.at.supplier.step()
        self.at.supplier.ship(number, packages)

    async def charge(self, bench: Bench, number: str, units: dict[str, int]) -> None:
        self.at.supplier.step()
        self.at.supplier.charge(number, units)


class TestBySftp(Played, SupplierContract):
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before", "timeout_before")
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after", "timeout_after")
    refusing_for_now: ClassVar[tuple[str, ...]] = ("disk_full",)
    refusing_for_good: ClassVar[tuple[str, ...]] = ("name_taken",)

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, by_hand=True)
        await stage.start()
        yield stage
        await stage.stop()

    async def take_back(self, bench: Bench, number: str, return_id: str, authorisation: str | None) -> None:
        self.at.supplier.step()
        self.at.supplier.take_back(number, return_id, authorisation)

    async def report_stock(self, bench: Bench) -> None:
        self.at.supplier.send_stock_report()


class TestByAFolder(TestBySftp):
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before",)
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after",)

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, transport="folder", by_hand=True)
        await stage.start()
        yield stage
        await stage.stop()


class TestByHttp(TestBySftp):
    """What is in doubt is sent again under its old number, and the supplier takes each number once."""

    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before", "timeout_before")
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after", "timeout_after", "http_500_after")
    refusing_for_now: ClassVar[tuple[str, ...]] = ("http_429", "http_503")
    refusing_for_good: ClassVar[tuple[str, ...]] = ("http_422",)

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = PostingStage(tmp_path, by_hand=True)
        await stage.start()
        yield stage
        await stage.stop()

    @pytest.fixture
    def bench(self, stage: Stage) -> Bench:
        assert isinstance(stage, PostingStage)
        self.at = stage
        secrets = (TOKEN, PARTNERS_TOKEN)
        return Bench(stage.port, Premises(stage), stage.ledger, stage.faults, secrets, stage.locked_out)


class TestIn005010(TestByAFolder):
    """The newer X12, with 999 for 997."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, transport="folder", by_hand=True, version="005010", acknowledges="999")
        await stage.start()
        yield stage
        await stage.stop()


class TestInEdifact(TestByAFolder):
    @pytest.fixture(params=["D96A", "D01B"])
    async def stage(self, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, transport="folder", by_hand=True, version=request.param)
        await stage.start()
        yield stage
        await stage.stop()


class TestInUbl(Played):
    """UBL has no documents for returns."""

    unsayable: ClassVar[frozenset[type[Command]]] = frozenset({RequestSupplierReturn})
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before", "timeout_before")
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after", "timeout_after")
    refusing_for_now: ClassVar[tuple[str, ...]] = ("disk_full",)
    refusing_for_good: ClassVar[tuple[str, ...]] = ("name_taken",)

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, by_hand=True, version="ubl-2.1")
        await stage.start()
        yield stage
        await stage.stop()

    def test_a_return_is_refused_with_a_way_out(self, bench: Bench) -> None:
        with pytest.raises(RejectedError, match="by mail or phone") as refused:
            bench.port.render(self.return_wish(), self.context())
        assert refused.value.code == "no_document"


class TestInUblByAFolder(TestInUbl):
    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before",)
    breaking_after: ClassVar[tuple[str, ...]] = ("cut_after",)

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, transport="folder", by_hand=True, version="ubl-2.1")
        await stage.start()
        yield stage
        await stage.stop()


class TestInCxml(TestInUbl):
    """cXML has no documents for returns, and none for a supplier's stock. The SharedSecret is stored nowhere."""

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = Stage(tmp_path, by_hand=True, version="cxml-1.2")
        await stage.start()
        yield stage
        await stage.stop()

    @pytest.fixture
    def bench(self, stage: Stage) -> Bench:
        self.at = stage
        options = stage.supplier.options
        secrets = (PASSWORD, options.own_secret, options.buyers_secret)
        return Bench(stage.port, stage.supplier, stage.ledger, stage.faults, secrets, stage.locked_out)


class TestInUblByHttp(TestInUbl):
    """A document is sent again under its old name, and the supplier takes each once."""

    breaking_before: ClassVar[tuple[str, ...]] = TestByHttp.breaking_before
    breaking_after: ClassVar[tuple[str, ...]] = TestByHttp.breaking_after
    refusing_for_now: ClassVar[tuple[str, ...]] = TestByHttp.refusing_for_now
    refusing_for_good: ClassVar[tuple[str, ...]] = TestByHttp.refusing_for_good

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = PostingStage(tmp_path, by_hand=True, version="ubl-2.1")
        await stage.start()
        yield stage
        await stage.stop()

    @pytest.fixture
    def bench(self, stage: Stage) -> Bench:
        assert isinstance(stage, PostingStage)
        self.at = stage
        secrets = (TOKEN, PARTNERS_TOKEN)
        return Bench(stage.port, Premises(stage), stage.ledger, stage.faults, secrets, stage.locked_out)


class TestInCxmlByHttp(TestInUbl):
    """What became of a Request is said by the Status of its Response; without one it is sent again."""

    breaking_before: ClassVar[tuple[str, ...]] = ("cut_before", "timeout_before")
    breaking_after: ClassVar[tuple[str, ...]] = (
        "cut_after", "timeout_after", "http_500_after", "no_word_after",
    )  # fmt: skip
    refusing_for_now: ClassVar[tuple[str, ...]] = ("http_503", "cxml_560")
    refusing_for_good: ClassVar[tuple[str, ...]] = ("cxml_406", "cxml_450")

    @pytest.fixture
    async def stage(self, tmp_path: Path) -> AsyncIterator[Stage]:
        stage = PostingStage(tmp_path, by_hand=True, version="cxml-1.2")
        await stage.start()
        yield stage
        await stage.stop()

    @pytest.fixture
    def bench(self, stage: Stage) -> Bench:
        assert isinstance(stage, PostingStage)
        self.at = stage
        secrets = (stage.supplier.options.own_secret, stage.supplier.options.buyers_secret, "a-wrong-one")
        return Bench(stage.port, Premises(stage), stage.ledger, stage.faults, secrets, stage.locked_out)
