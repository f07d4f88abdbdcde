"""The supplier in memory keeps the contract of suppliers, so that the contract can be kept."""

from decimal import Decimal

import pytest

from canonical.documents import (
    Document,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SkuQuantity,
    SupplierInvoiceDocument,
    SupplierReturnAnswerDocument,
)
from canonical.purchase_documents import AnswerLine, InvoicedLine, PurchaseAnswer, ShippedPackage
from canonical.purchases import LineAnswer
from core.clock import ManualClock
from core.ports import Effect
from core.simulator import Faults, Ledger
from tests.contracts.acme import SECRET, Acme, AcmePort
from tests.contracts.building import NOON
from tests.contracts.effect_port import Bench
from tests.contracts.supplier import NODE, SupplierContract


class TestAcme(SupplierContract):
    refusing_for_now = ("busy",)
    breaking_before = ("lost_before",)
    breaking_after = ("lost_after",)
    refusing_for_good = ("refused",)

    @pytest.fixture
    def bench(self) -> Bench:
        clock, faults = ManualClock(NOON), Faults()
        ledger = Ledger(clock)
        partner = Acme(clock, ledger, faults)
        return Bench(
            AcmePort(partner), partner, ledger, faults, (SECRET,), lambda: AcmePort(partner, "another key")
        )

    def happened(self, bench: Bench, effect: Effect) -> int:
        return sum(entry["key"] == effect.key for entry in bench.ledger.of("document"))

    def _acme(self, bench: Bench) -> Acme:
        assert isinstance(bench.simulator, Acme)
        return bench.simulator

    async def hear(self, bench: Bench) -> tuple[Document, ...]:
        return self._acme(bench).collected()

    async def answer(
        self, bench: Bench, number: str, answer: PurchaseAnswer, **units: tuple[LineAnswer, int]
    ) -> None:
        acme = self._acme(bench)
        lines = tuple(
            AnswerLine(sku=sku, answer=word, quantity=quantity) for sku, (word, quantity) in units.items()
        )
        acme.tell(
            PurchaseAnswerDocument(
                supplier=NODE,
                purchase_id=number,
                reference=str(next(acme.numbers)),
                answer=answer,
                lines=lines,
            )
        )

    async def ship(self, bench: Bench, number: str, *packages: dict[str, int]) -> None:
        acme = self._acme(bench)
        packed: list[ShippedPackage] = []
        for units in packages:
            name = f"SSCC{next(acme.numbers)}"
            lines = tuple(SkuQuantity(sku=sku, quantity=n) for sku, n in units.items())
            packed.append(ShippedPackage(package_id=name, tracking_number=f"T{name}", lines=lines))
            for sku, n in units.items():
                acme.stock[sku] -= n
        notice = str(next(acme.numbers))
        acme.tell(
            ShipNoticeDocument(supplier=NODE, purchase_id=number, notice_id=notice, packages=tuple(packed))
        )

    async def charge(self, bench: Bench, number: str, units: dict[str, int]) -> None:
        acme = self._acme(bench)
        cost = Decimal("4.00")
        acme.tell(
            SupplierInvoiceDocument(
                supplier=NODE, purchase_id=number, invoice_id=str(next(acme.numbers)), currency="EUR",
                lines=tuple(InvoicedLine(sku=sku, quantity=n, unit_price=cost) for sku, n in units.items()),
                total=cost * sum(units.values()),
            )
        )  # fmt: skip

    async def take_back(self, bench: Bench, number: str, return_id: str, authorisation: str | None) -> None:
        self._acme(bench).tell(
            SupplierReturnAnswerDocument(
                supplier=NODE, purchase_id=number, return_id=return_id, authorisation=authorisation
            )
        )

    async def report_stock(self, bench: Bench) -> None:
        acme = self._acme(bench)
        acme.tell(acme.report())
