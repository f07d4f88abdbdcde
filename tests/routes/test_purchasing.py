"""Goods that suppliers send: who is asked when, what their answers mean, and which of two that cross wins."""

from datetime import timedelta

import pytest

from canonical.commands import (
    CancelPurchaseOrder,
    CapturePayment,
    ChangePurchaseOrder,
    PlacePurchaseOrder,
    RequestSupplierReturn,
    SendMail,
    SubmitRelease,
    TellChannelShipped,
    TellChannelStatus,
)
from canonical.courier import CourierPolicy, NodeLabels
from canonical.events import (
    CancelAccepted,
    CancelRejected,
    CancelRequested,
    EffectRejected,
    HoldReleased,
    PurchaseOverdue,
    PurchasePriceAccepted,
    ReturnReceived,
    StepRefused,
    SupplierReturnAnswered,
    SupplierReturnRequested,
)
from canonical.numbers import purchase_number
from canonical.policy import Policy, StockPolicy
from canonical.purchase_documents import PurchaseAnswer, SupplierReturnAnswerDocument
from canonical.purchases import ChangeStatus, LineAnswer, PurchaseUnits
from canonical.statuses import HoldType, OrderStatus, ReleaseStatus
from canonical.supplier_policy import SupplierPolicy
from core.engine.cascade import StaleError
from routes.explain import explain
from tests.routes.dropship import Acme, ordered, stocked, supplier, the_purchase, word
from tests.routes.world import NOON, ORDER_ID, World, line, placed

DAY = timedelta(days=1)


def cancel(world: World) -> None:
    world.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed", actor="webstore"))


class TestWhoIsAsked:
    def test_a_supplier_is_asked_for_what_no_warehouse_has(self) -> None:
        world = ordered(("A", 3), warehouse={"A": 1})
        (sent,) = world.sent(SubmitRelease)
        (bought,) = world.sent(PlacePurchaseOrder)
        assert (sent.node, [x.quantity for x in sent.lines]) == ("berlin", [1])
        assert (bought.supplier, [(x.sku, x.quantity) for x in bought.lines]) == ("acme", [("A", 2)])

    def test_no_supplier_is_asked_for_what_warehouses_have(self) -> None:
        world = ordered(("A", 3), warehouse={"A": 3})
        assert world.sent(PlacePurchaseOrder) == []
        assert world.order.purchases == ()

    def test_a_warehouse_far_away_goes_before_a_supplier_that_is_near(self) -> None:
        near = supplier(priority=1)
        world = World(stocked({"paris": {"A": 1}, "acme": {"A": 1}}, near))
        world.tell(placed(line("1", "A"), method="standard"))
        world.authorised()
        assert [x.node for x in world.sent(SubmitRelease)] == ["paris"]

    def test_what_always_comes_from_a_supplier_is_not_taken_from_a_warehouse(self) -> None:
        world = World(stocked({"berlin": {"A": 5, "B": 5}, "acme": {"A": 5}}, supplier(direct=("A",))))
        world.tell(placed(line("1", "A"), line("2", "B")))
        world.authorised()
        assert [[x.sku for x in c.lines] for c in world.sent(PlacePurchaseOrder)] == [["A"]]
        assert [[x.sku for x in c.lines] for c in world.sent(SubmitRelease)] == [["B"]]

    def test_what_suppliers_have_not_either_waits_for_stock(self) -> None:
        world = ordered(("A", 11))
        assert world.rows() == {"released": 9, "backordered": 2}

    def test_where_nothing_may_wait_suppliers_are_asked_before_it_is_cancelled(self) -> None:
        policy = Policy(stock=StockPolicy(back_order=False))
        world = ordered(("A", 12), policy=policy, warehouse={"A": 1})
        assert world.rows() == {"released": 10, "cancelled": 2}

    def test_nothing_is_ordered_before_the_order_is_paid_for(self) -> None:
        world = World(stocked({"acme": {"A": 5}}, supplier()))
        world.tell(placed(line("1", "A")))
        assert world.sent(PlacePurchaseOrder) == []
        assert world.rows() == {"reserved": 1}

    def test_a_supplier_makes_its_own_labels(self) -> None:
        policy = Policy(courier=CourierPolicy(nodes={"acme": NodeLabels(broker="broker")}))
        assert ordered(("A", 1), policy=policy).order.parcels == ()


class TestThePurchaseOrder:
    def test_it_has_a_number_that_every_partner_has_room_for(self) -> None:
        number = the_purchase(ordered(("A", 1))).id
        assert number == purchase_number(ORDER_ID, 1)
        assert len(purchase_number(ORDER_ID, 999)) <= 22
        assert number.replace("-", "").isalnum()
        assert number.isupper()

    def test_it_has_a_line_for_each_sku_at_the_agreed_cost(self) -> None:
        world = ordered(("A", 2), ("B", 1), ("A", 1))
        (bought,) = world.sent(PlacePurchaseOrder)
        assert bought.key == f"po:{ORDER_ID}:1"
        assert [(x.number, x.sku, x.reference, x.quantity, str(x.unit_cost)) for x in bought.lines] == [
            (1, "A", "X-A", 3, "6.00 EUR"),
            (2, "B", "X-B", 1, "3.50 EUR"),
        ]

    def test_two_suppliers_get_one_each(self) -> None:
        world = World(stocked({"acme": {"A": 1}, "zeta": {"B": 1}}, supplier("acme"), supplier("zeta")))
        world.tell(placed(line("1", "A"), line("2", "B")))
        world.authorised()
        assert [(c.supplier, c.key) for c in world.sent(PlacePurchaseOrder)] == [
            ("acme", f"po:{ORDER_ID}:1"),
            ("zeta", f"po:{ORDER_ID}:2"),
        ]

    def test_its_goods_leave_like_any_other(self) -> None:
        world = ordered(("A", 2), ("B", 1))
        acme = Acme(world)
        acme.accepts()
        acme.notifies("N1", {"P1": (("A", 2),), "P2": (("B", 1),)})
        assert [(s.id, s.tracking_number, [x.quantity for x in s.lines]) for s in world.order.shipments] == [
            ("P1", "TP1", [2]),
            ("P2", "TP2", [1]),
        ]
        assert [c.shipment_id for c in world.sent(TellChannelShipped)] == ["P1", "P2"]
        assert [c.template for c in world.sent(SendMail)].count("shipment_dispatched") == 2
        (captured,) = world.sent(CapturePayment)
        assert captured.amount == world.order.total
        assert the_purchase(world).id not in world.timers
        assert world.stock.content.level("A", "acme").on_hand == 7

    def test_goods_come_back_to_the_supplier_under_its_number(self) -> None:
        world = ordered(("A", 2))
        Acme(world).sends("P1", ("A", 2))
        number = the_purchase(world).id
        world.tell(
            ReturnReceived(order_id=ORDER_ID, return_id="r", node="acme", release_id=number, skus=(("A", 1),))
        )
        assert world.rows() == {"shipped": 1, "received_good": 1}


class TestAnswers:
    def test_accepted_goods_are_accepted(self) -> None:
        world = ordered(("A", 2))
        Acme(world).accepts()
        assert world.rows() == {"accepted": 2}
        assert world.order.releases[0].status is ReleaseStatus.ACCEPTED

    def test_what_is_refused_is_sent_by_somebody_else_and_never_asked_there_again(self) -> None:
        world = ordered(("A", 2), ("B", 1))
        world.adjust("A", "berlin", 5)
        acme = Acme(world)
        acme.says(word("A", LineAnswer.REJECTED, reason="discontinued"), word("B", LineAnswer.ACCEPTED, 1))
        (sent,) = world.sent(SubmitRelease)
        assert (sent.node, [(x.sku, x.quantity) for x in sent.lines]) == ("berlin", [("A", 2)])
        assert [(x.sku, x.dropped) for x in the_purchase(world).lines] == [("A", 2), ("B", 0)]
        assert world.order.rejected_nodes == ()
        assert world.stock.content.free_at("A", "acme") == 0

    def test_a_refused_line_waits_for_stock_though_the_supplier_counts_again(self) -> None:
        world = ordered(("A", 2))
        Acme(world).says(word("A", LineAnswer.REJECTED))
        world.adjust("A", "acme", 9)
        assert world.rows() == {"backordered": 2}
        assert len(world.sent(PlacePurchaseOrder)) == 1
        assert world.order.releases[0].status is ReleaseStatus.REFUSED

    def test_a_refused_line_may_still_come_from_another_supplier(self) -> None:
        first, second = supplier("acme", 1), supplier("zeta", 2)
        world = World(stocked({"acme": {"A": 2}, "zeta": {"A": 2}}, first, second))
        world.tell(placed(line("1", "A", 2)))
        world.authorised()
        Acme(world).says(word("A", LineAnswer.REJECTED, 1))
        assert [(c.supplier, c.lines[0].quantity) for c in world.sent(PlacePurchaseOrder)] == [
            ("acme", 2),
            ("zeta", 1),
        ]

    def test_a_changed_quantity_is_all_that_comes(self) -> None:
        world = ordered(("A", 5))
        world.adjust("A", "berlin", 5)
        Acme(world).says(word("A", LineAnswer.CHANGED, 3))
        assert world.rows() == {"accepted": 3, "released": 2}
        assert [x.node for x in world.sent(SubmitRelease)] == ["berlin"]

    def test_a_refusal_of_the_whole_is_one_of_the_supplier(self) -> None:
        world = ordered(("A", 2))
        Acme(world).answers(PurchaseAnswer.REJECTED, reason="no account")
        assert world.order.rejected_nodes == ("acme",)
        assert world.rows() == {"backordered": 2}

    def test_the_same_word_under_another_reference_changes_nothing(self) -> None:
        world = ordered(("A", 5))
        acme = Acme(world)
        for _ in range(2):
            acme.says(word("A", LineAnswer.ACCEPTED, 3), word("A", LineAnswer.REJECTED, 2))
        assert world.rows() == {"accepted": 3, "backordered": 2}
        assert [x.quantity for x in world.order.releases[0].lines] == [3]

    def test_part_is_accepted_and_the_rest_refused_later(self) -> None:
        world = ordered(("A", 5))
        acme = Acme(world)
        acme.says(word("A", LineAnswer.ACCEPTED, 3), word("A", LineAnswer.BACK_ORDERED, 2))
        assert world.rows() == {"accepted": 5}
        acme.says(word("A", LineAnswer.REJECTED, 2))
        assert world.rows() == {"accepted": 3, "backordered": 2}
        acme.sends("P1", ("A", 3))
        assert world.order.releases[0].status is ReleaseStatus.SHIPPED

    def test_an_older_acceptance_that_comes_late_takes_no_refusal_back(self) -> None:
        world = ordered(("A", 5))
        acme = Acme(world)
        acme.says(word("A", LineAnswer.CHANGED, 3))
        acme.accepts()
        assert world.rows() == {"accepted": 3, "backordered": 2}

    def test_goods_that_leave_before_the_answer_are_accepted_by_that(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        acme.sends("P1", ("A", 1))
        assert the_purchase(world).answered_at is not None
        acme.accepts()
        assert world.rows() == {"accepted": 1, "shipped": 1}
        acme.sends("P2", ("A", 1))
        with pytest.raises(StaleError, match="it is over"):
            acme.accepts()

    def test_an_answer_to_what_was_not_ordered_is_told(self) -> None:
        world = ordered(("A", 2))
        Acme(world).says(word("Z", LineAnswer.ACCEPTED, 1))
        (said,) = world.seen(StepRefused)
        assert "acme answers to Z" in said.reason

    def test_a_purchase_order_that_the_partner_does_not_take_is_refused(self) -> None:
        world = ordered(("A", 2))
        key = f"po:{ORDER_ID}:1"
        world.tell(EffectRejected(order_id=ORDER_ID, key=key, command="PlacePurchaseOrder", reason="no"))
        assert world.order.releases[0].status is ReleaseStatus.REFUSED
        assert world.order.rejected_nodes == ("acme",)


class TestBackOrders:
    SOON, LATE = NOON + 3 * DAY, NOON + 40 * DAY

    def test_channel_and_buyer_hear_of_them_once(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        for _ in range(2):
            acme.says(word("A", LineAnswer.BACK_ORDERED, 2, at=self.SOON))
        told = [c for c in world.sent(TellChannelStatus) if c.status == "back_ordered"]
        assert len({c.key for c in told}) == 1
        assert {c.key for c in world.sent(SendMail) if c.template == "back_ordered"} == {
            f"mail:{ORDER_ID}:back_ordered:{the_purchase(world).id}:A=2@2026-03-05"
        }

    def test_the_buyer_is_told_which_units_wait(self) -> None:
        world = ordered(("A", 2), ("A", 1), ("B", 9))
        Acme(world).says(word("A", LineAnswer.BACK_ORDERED, 3), word("B", LineAnswer.BACK_ORDERED, 1))
        assert world.order.back_ordered() == {"1": 2, "2": 1, "3": 1}

    def test_what_nobody_else_has_is_waited_for(self) -> None:
        world = ordered(("A", 2))
        Acme(world).says(word("A", LineAnswer.BACK_ORDERED, 2, at=self.LATE))
        assert world.sent(ChangePurchaseOrder) == []
        assert the_purchase(world).ship_by == self.LATE + DAY

    def test_what_comes_too_late_is_taken_elsewhere_once_the_supplier_agrees(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        world.adjust("A", "berlin", 2)
        acme.says(word("A", LineAnswer.BACK_ORDERED, 2, at=self.LATE))
        (change,) = world.sent(ChangePurchaseOrder)
        assert change.key == f"po_change:{ORDER_ID}:1:1"
        assert change.lines == (PurchaseUnits(sku="A", quantity=2),)
        assert world.sent(SubmitRelease) == []
        acme.answers(PurchaseAnswer.CHANGE_AGREED)
        assert [x.node for x in world.sent(SubmitRelease)] == ["berlin"]
        assert [c.template for c in world.sent(SendMail)].count("back_ordered") == 0

    def test_a_supplier_that_does_not_agree_sends_it(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        world.adjust("A", "berlin", 2)
        acme.says(word("A", LineAnswer.BACK_ORDERED, 2))
        acme.answers(PurchaseAnswer.CHANGE_REFUSED, reason="it is packed")
        assert the_purchase(world).changes[0].status is ChangeStatus.REFUSED
        assert "it is packed" in world.seen(StepRefused)[-1].reason
        acme.sends("P1", ("A", 2))
        assert world.rows() == {"shipped": 2}

    def test_goods_that_leave_before_the_supplier_agrees_have_left(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        world.adjust("A", "berlin", 2)
        acme.says(word("A", LineAnswer.BACK_ORDERED, 2))
        acme.sends("P1", ("A", 2))
        acme.answers(PurchaseAnswer.CHANGE_AGREED)
        assert world.rows() == {"shipped": 2}
        assert world.sent(SubmitRelease) == []

    def test_a_change_that_the_partner_does_not_take_is_refused(self) -> None:
        world = ordered(("A", 2))
        world.adjust("A", "berlin", 2)
        Acme(world).says(word("A", LineAnswer.BACK_ORDERED, 2))
        key = f"po_change:{ORDER_ID}:1:1"
        world.tell(EffectRejected(order_id=ORDER_ID, key=key, command="ChangePurchaseOrder", reason="no"))
        assert the_purchase(world).changes[0].status is ChangeStatus.REFUSED


class TestCancellations:
    @pytest.mark.parametrize("answered", [False, True])
    def test_a_supplier_is_asked_and_agrees(self, *, answered: bool) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        if answered:
            acme.accepts()
        cancel(world)
        (asked,) = world.sent(CancelPurchaseOrder)
        assert asked.key == f"po_cancel:{ORDER_ID}:1:c1"
        assert world.order.hold(HoldType.CANCEL_PENDING) is not None
        acme.answers(PurchaseAnswer.CANCELLED)
        assert world.order.status() is OrderStatus.CANCELLED
        assert len(world.seen(CancelAccepted)) == 1

    def test_a_ship_notice_after_the_request_wins(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        cancel(world)
        acme.sends("P1", ("A", 2))
        assert world.rows() == {"shipped": 2}
        assert len(world.seen(CancelRejected)) == 1
        with pytest.raises(StaleError):
            acme.answers(PurchaseAnswer.CANCEL_REFUSED)
        assert world.order.status() is OrderStatus.IN_PROGRESS

    def test_a_cancellation_that_is_told_after_the_goods_left_is_for_a_person(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        cancel(world)
        acme.sends("P1", ("A", 2))
        acme.answers(PurchaseAnswer.CANCELLED)
        assert "has dispatched all of it" in world.seen(StepRefused)[-1].reason

    def test_a_refusal_while_cancelling_is_a_cancellation(self) -> None:
        world = ordered(("A", 2))
        cancel(world)
        Acme(world).says(word("A", LineAnswer.REJECTED))
        assert world.order.status() is OrderStatus.CANCELLED
        assert len(world.seen(CancelAccepted)) == 1

    def test_a_late_acknowledgement_does_not_end_the_request(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        cancel(world)
        acme.accepts()
        assert world.order.releases[0].status is ReleaseStatus.CANCEL_REQUESTED
        acme.answers(PurchaseAnswer.CANCEL_REFUSED, reason="packed")
        assert world.rows() == {"accepted": 2}
        assert len(world.seen(CancelRejected)) == 1

    def test_a_cancellation_that_the_partner_does_not_take_is_refused(self) -> None:
        world = ordered(("A", 2))
        cancel(world)
        key = f"po_cancel:{ORDER_ID}:1:c1"
        world.tell(EffectRejected(order_id=ORDER_ID, key=key, command="CancelPurchaseOrder", reason="no"))
        assert world.order.releases[0].unstoppable


class TestDeadlines:
    def test_an_order_without_acknowledgement_is_put_before_a_person(self) -> None:
        world = ordered(("A", 2))
        assert world.order.next_deadline() == the_purchase(world).acknowledge_by
        world.pass_time(timedelta(hours=23))
        assert world.order.holds == ()
        world.pass_time(timedelta(hours=2))
        hold = world.order.hold(HoldType.SUPPLIER_PROBLEM)
        assert hold is not None
        assert "acme has not acknowledged" in hold.reason
        assert hold.blocks == ()

    def test_an_order_without_ship_notice_is_put_before_a_person(self) -> None:
        world = ordered(("A", 2))
        Acme(world).accepts()
        assert world.order.next_deadline() == the_purchase(world).ship_by
        world.pass_time(timedelta(hours=73))
        hold = world.order.hold(HoldType.SUPPLIER_PROBLEM)
        assert hold is not None
        assert "no ship notice" in hold.reason
        assert [e.step for e in world.seen(PurchaseOverdue)] == ["ship_notice"]

    def test_the_suppliers_own_date_counts_where_it_has_given_one(self) -> None:
        world = ordered(("A", 2))
        Acme(world).says(word("A", LineAnswer.ACCEPTED, 2, at=NOON + 5 * DAY))
        assert the_purchase(world).ship_by == NOON + 6 * DAY

    def test_what_is_late_is_over_when_it_comes(self) -> None:
        world = ordered(("A", 2))
        acme = Acme(world)
        world.pass_time(timedelta(hours=25))
        acme.accepts()
        assert world.order.holds == ()
        world.pass_time(timedelta(hours=73))
        assert world.order.hold(HoldType.SUPPLIER_PROBLEM) is not None
        acme.sends("P1", ("A", 2))
        assert world.order.holds == ()
        assert world.order.next_deadline() is None

    def test_a_person_who_has_seen_to_it_is_not_asked_again(self) -> None:
        world = ordered(("A", 2))
        world.pass_time(timedelta(hours=25))
        world.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.SUPPLIER_PROBLEM, actor="ann"))
        Acme(world).says(word("A", LineAnswer.ACCEPTED, 1))
        assert world.order.holds == ()

    def test_a_supplier_that_refused_is_late_with_nothing(self) -> None:
        world = ordered(("A", 2))
        world.pass_time(timedelta(hours=25))
        Acme(world).says(word("A", LineAnswer.REJECTED))
        assert world.order.holds == ()
        assert world.order.next_deadline() is None

    def test_the_policy_says_how_long_suppliers_have(self) -> None:
        suppliers = SupplierPolicy(acknowledge_within_h=2, ship_within_h=5)
        world = ordered(("A", 2), policy=Policy(suppliers=suppliers))
        purchase = the_purchase(world)
        assert purchase.acknowledge_by - purchase.requested_at == timedelta(hours=2)
        Acme(world).accepts()
        answered, by = the_purchase(world).answered_at, the_purchase(world).ship_by
        assert answered is not None
        assert by is not None
        assert by - answered == timedelta(hours=5)


class TestPrices:
    def test_a_price_within_the_tolerance_is_taken(self) -> None:
        world = ordered(("A", 2))
        Acme(world).says(word("A", LineAnswer.ACCEPTED, 2, cost="6.06"))
        (line_,) = the_purchase(world).lines
        assert str(line_.unit_cost) == "6.06 EUR"
        assert world.order.holds == ()

    def test_a_higher_price_is_for_a_person_who_agrees_by_releasing_it(self) -> None:
        world = ordered(("A", 2))
        Acme(world).says(word("A", LineAnswer.ACCEPTED, 2, cost="6.07"))
        hold = world.order.hold(HoldType.SUPPLIER_PROBLEM)
        assert hold is not None
        assert hold.reason == "acme wants 6.07 EUR for A, and 6.00 EUR was agreed"
        world.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.SUPPLIER_PROBLEM, actor="ann"))
        assert str(the_purchase(world).lines[0].unit_cost) == "6.07 EUR"
        assert [e.actor for e in world.seen(PurchasePriceAccepted)] == ["ann"]


class TestReturnsToSuppliers:
    def ask(self, world: World) -> None:
        units = (PurchaseUnits(sku="A", quantity=1),)
        number = the_purchase(world).id
        world.tell(
            SupplierReturnRequested(
                order_id=ORDER_ID,
                purchase_id=number,
                return_id="b1",
                lines=units,
                actor="ann",
                reason="broken",
            )
        )

    def answer(self, world: World, authorisation: str | None) -> None:
        document = SupplierReturnAnswerDocument(
            supplier="acme", purchase_id=the_purchase(world).id, return_id="b1", authorisation=authorisation,
            reason="too old",
        )  # fmt: skip
        world.tell(*document.events(ORDER_ID))

    def test_a_supplier_is_asked_and_gives_its_number(self) -> None:
        world = ordered(("A", 2))
        Acme(world).sends("P1", ("A", 2))
        self.ask(world)
        (asked,) = world.sent(RequestSupplierReturn)
        assert (asked.supplier, asked.reason) == ("acme", "broken")
        self.answer(world, "RMA-7")
        assert the_purchase(world).returns[0].authorisation == "RMA-7"

    def test_a_supplier_may_decline(self) -> None:
        world = ordered(("A", 2))
        Acme(world).sends("P1", ("A", 2))
        self.ask(world)
        self.answer(world, None)
        assert "too old" in world.seen(StepRefused)[-1].reason
        with pytest.raises(StaleError):
            self.answer(world, "RMA-7")

    def test_a_wish_that_the_partner_does_not_take_is_declined(self) -> None:
        world = ordered(("A", 2))
        Acme(world).sends("P1", ("A", 2))
        self.ask(world)
        key = f"supplier_return:{ORDER_ID}:1:b1"
        world.tell(EffectRejected(order_id=ORDER_ID, key=key, command="RequestSupplierReturn", reason="no"))
        assert len(world.seen(SupplierReturnAnswered)) == 1


class TestExplaining:
    def waits(self, world: World) -> list[str]:
        return [wait.what for wait in explain(world.order).waits]

    def test_it_says_what_the_supplier_is_to_do(self) -> None:
        world = ordered(("A", 2))
        acme, number = Acme(world), the_purchase(world).id
        assert self.waits(world) == [f"supplier acme to acknowledge purchase order {number} of 2 units"]
        acme.says(word("A", LineAnswer.ACCEPTED, 1), word("A", LineAnswer.BACK_ORDERED, 1, at=NOON + 3 * DAY))
        assert self.waits(world) == [
            f"supplier acme to send 2 units of purchase order {number} (on back-order: 1 × A by 2026-03-05)"
        ]
        cancel(world)
        assert f"supplier acme to cancel 2 units of purchase order {number}" in self.waits(world)

    def test_it_says_what_the_supplier_is_to_let_go_of(self) -> None:
        world = ordered(("A", 2))
        world.adjust("A", "berlin", 2)
        Acme(world).says(word("A", LineAnswer.BACK_ORDERED, 2))
        assert "supplier acme to let go of 2 × A" in self.waits(world)
