"""Suppliers' invoices: what is as ordered and as sent may be paid; anything else is for a person, never paid unseen."""

from datetime import timedelta

import pytest

from canonical.events import HoldReleased, InvoiceApproved, InvoiceDisputed
from canonical.policy import Policy
from canonical.purchases import Invoice, InvoiceStatus
from canonical.statuses import HoldType, OrderStatus
from canonical.supplier_policy import InvoiceTolerance, SupplierPolicy
from core.engine.cascade import StaleError
from routes.explain import explain
from tests.routes.dropship import Acme, ordered, the_purchase
from tests.routes.world import ORDER_ID, World


def sent(policy: Policy | None = None) -> tuple[World, Acme]:
    """Two of A and one of B, ordered at 6.00 and 3.50, which have left."""
    world = ordered(("A", 2), ("B", 1), policy=policy)
    acme = Acme(world)
    acme.sends("P1", ("A", 2), ("B", 1))
    return world, acme


def the_invoice(world: World, invoice_id: str = "I1") -> Invoice:
    found = the_purchase(world).invoice(invoice_id)
    assert found is not None
    return found


def tolerant(**tolerance: object) -> Policy:
    return Policy(suppliers=SupplierPolicy(invoices=InvoiceTolerance.model_validate(tolerance)))


def dispute(world: World, invoice_id: str = "I1") -> None:
    world.tell(
        InvoiceDisputed(
            order_id=ORDER_ID,
            purchase_id=the_purchase(world).id,
            invoice_id=invoice_id,
            actor="ann",
            reason="no",
        )
    )


def test_an_invoice_as_ordered_and_as_sent_is_approved() -> None:
    world, acme = sent()
    acme.charges("I1", ("A", 2, "6.00"), ("B", 1, "3.50"), total="15.50")
    (approved,) = world.seen(InvoiceApproved)
    assert (approved.invoice_id, approved.supplier, str(approved.total)) == ("I1", "acme", "15.50 EUR")
    assert approved.actor == "policy"
    assert world.order.holds == ()


def test_parts_of_an_order_may_be_charged_one_after_the_other() -> None:
    world, acme = sent()
    acme.charges("I1", ("A", 2, "6.00"), total="12.00")
    acme.charges("I2", ("B", 1, "3.50"), total="3.50")
    assert [e.invoice_id for e in world.seen(InvoiceApproved)] == ["I1", "I2"]


def test_tax_and_allowances_are_part_of_the_total() -> None:
    world, acme = sent()
    acme.charges("I1", ("A", 2, "6.00"), total="13.09", tax="2.09", allowances="1.00")
    assert the_invoice(world).status is InvoiceStatus.APPROVED


@pytest.mark.parametrize(
    ("lines", "sums", "said"),
    [
        ((("A", 2, "6.07"),), {"total": "12.14"}, "A is charged at 6.07 EUR, and 6.00 EUR was agreed"),
        ((("A", 3, "6.00"),), {"total": "18.00"}, "3 × A are charged, and 2 have left"),
        ((("Z", 1, "6.00"),), {"total": "6.00"}, "Z was not ordered"),
        ((("A", 2, "6.00"),), {"total": "13.01"}, "its total is 13.01 EUR, and its parts come to 12.00 EUR"),
        ((("A", 2, "6.00"),), {"total": "10.99"}, "its total is 10.99 EUR, and its parts come to 12.00 EUR"),
        (
            (("A", 2, "6.00"),),
            {"total": "16.90", "freight": "4.90"},
            "4.90 EUR of freight is charged, and 0 is allowed",
        ),
    ],
)
def test_what_is_not_as_ordered_or_as_sent_is_for_a_person(
    lines: tuple[tuple[str, int, str], ...], sums: dict[str, str], said: str
) -> None:
    world, acme = sent()
    acme.charges("I1", *lines, **sums)
    assert the_invoice(world).doubts == (said,)
    hold = world.order.hold(HoldType.INVOICE_MISMATCH)
    assert hold is not None
    assert hold.reason == f"invoice I1 of acme: {said}"
    assert hold.blocks == ()
    assert world.seen(InvoiceApproved) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    world, acme = sent()
    acme.charges("I1", ("A", 3, "9.00"), ("Z", 1, "1.00"), total="40.00", freight="5.00")
    assert len(the_invoice(world).doubts) == 5


def test_an_item_without_an_agreed_price_is_for_a_person() -> None:
    world, acme = sent()
    purchase = the_purchase(world)
    bare = purchase.replace(lines=tuple(line.replace(unit_cost=None) for line in purchase.lines))
    world.order_or_none = world.order.replace(purchases=(bare,))
    acme.charges("I1", ("A", 2, "6.00"), total="12.00")
    assert the_invoice(world).doubts == ("A is charged at 6.00 EUR, and no price was agreed",)


class TestTolerances:
    def test_a_unit_may_cost_so_much_more(self) -> None:
        world, acme = sent(tolerant(unit_price_percent=5))
        acme.charges("I1", ("A", 2, "6.30"), total="12.60")
        assert the_invoice(world).status is InvoiceStatus.APPROVED

    def test_but_the_goods_together_no_more_than_that(self) -> None:
        world, acme = sent(tolerant(unit_price_percent=5, total_difference="0.50"))
        acme.charges("I1", ("A", 2, "6.30"), total="12.60")
        assert the_invoice(world).doubts == ("the goods cost 0.60 EUR more than was agreed",)

    def test_freight_may_be_agreed(self) -> None:
        world, acme = sent(tolerant(freight_at_most="5"))
        acme.charges("I1", ("A", 2, "6.00"), total="16.90", freight="4.90")
        assert the_invoice(world).status is InvoiceStatus.APPROVED

    def test_what_costs_less_is_taken(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 2, "1.00"), total="2.00")
        assert the_invoice(world).status is InvoiceStatus.APPROVED


class TestBeforeTheGoods:
    def test_it_waits_for_them(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        acme.charges("I1", ("A", 2, "6.00"), total="12.00")
        assert the_invoice(world).status is InvoiceStatus.WAITING
        assert world.order.holds == ()
        assert any("ship notice of what invoice I1" in wait.what for wait in explain(world.order).waits)
        acme.sends("P1", ("A", 2))
        assert the_invoice(world).status is InvoiceStatus.APPROVED

    def test_it_waits_no_longer_than_the_policy_says_and_is_then_for_a_person(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        acme.accepts()
        acme.charges("I1", ("A", 2, "6.00"), total="12.00")
        assert world.order.next_deadline() == the_invoice(world).wait_until
        world.pass_time(timedelta(hours=47))
        assert the_invoice(world).status is InvoiceStatus.WAITING
        world.pass_time(timedelta(hours=2))
        assert the_invoice(world).doubts == ("2 × A are charged, and 0 have left",)
        acme.sends("P1", ("A", 2))
        assert the_invoice(world).status is InvoiceStatus.DOUBTED

    def test_a_wrong_price_does_not_wait(self) -> None:
        world = ordered(("A", 2))
        Acme(world).charges("I1", ("A", 2, "7.00"), total="14.00")
        assert the_invoice(world).status is InvoiceStatus.DOUBTED

    def test_goods_that_nobody_sends_any_more_are_not_waited_for(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 4, "6.00"), total="24.00")
        assert the_invoice(world).status is InvoiceStatus.DOUBTED


class TestTwice:
    def test_an_invoice_that_comes_twice_is_one(self) -> None:
        world, acme = sent()
        for _ in range(2):
            acme.charges("I1", ("A", 2, "6.00"), total="12.00")
        assert len(world.seen(InvoiceApproved)) == 1

    def test_goods_are_not_paid_twice_under_two_numbers(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 2, "6.00"), total="12.00")
        acme.charges("I2", ("A", 1, "6.00"), total="6.00")
        assert [e.invoice_id for e in world.seen(InvoiceApproved)] == ["I1"]
        assert the_invoice(world, "I2").doubts == ("1 × A are charged, 2 by other invoices, and 2 have left",)

    def test_of_two_that_wait_for_the_same_goods_the_first_is_approved(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        acme.charges("I1", ("A", 2, "6.00"), total="12.00")
        acme.charges("I2", ("A", 2, "6.00"), total="12.00")
        acme.sends("P1", ("A", 2))
        assert the_invoice(world, "I1").status is InvoiceStatus.APPROVED
        assert the_invoice(world, "I2").status is InvoiceStatus.DOUBTED


class TestAPersonsWord:
    def test_releasing_the_hold_accepts_it(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 2, "7.00"), total="14.00")
        world.tell(
            HoldReleased(order_id=ORDER_ID, type=HoldType.INVOICE_MISMATCH, actor="ann", reason="fair")
        )
        (approved,) = world.seen(InvoiceApproved)
        assert (approved.actor, approved.reason) == ("ann", "fair")
        assert world.order.holds == ()

    def test_a_disputed_invoice_is_not_paid_and_its_goods_may_be_charged_again(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 2, "7.00"), total="14.00")
        dispute(world)
        assert world.order.holds == ()
        acme.charges("I2", ("A", 2, "6.00"), total="12.00")
        assert [e.invoice_id for e in world.seen(InvoiceApproved)] == ["I2"]

    def test_one_of_two_is_decided(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 1, "7.00"), total="7.00")
        acme.charges("I2", ("B", 1, "4.00"), total="4.00")
        dispute(world)
        hold = world.order.hold(HoldType.INVOICE_MISMATCH)
        assert hold is not None
        assert "I2" in hold.reason
        assert "I1" not in hold.reason

    def test_an_approved_invoice_is_not_disputed_any_more(self) -> None:
        world, acme = sent()
        acme.charges("I1", ("A", 2, "6.00"), total="12.00")
        with pytest.raises(StaleError, match="approved already"):
            dispute(world)


def test_an_invoice_keeps_no_order_from_being_completed_and_is_told_after_its_end() -> None:
    world, acme = sent()
    world.captured()
    acme.charges("I1", ("A", 2, "7.00"), total="14.00")
    assert world.order.status() is OrderStatus.COMPLETED
    (wait,) = explain(world.order).waits
    assert wait.what.startswith("a word on invoice I1 of acme over 14.00 EUR: A is charged")
