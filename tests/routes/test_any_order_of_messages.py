"""Whatever partners say, in whatever order and however often: quantities, stock and money stay right."""

from datetime import timedelta

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from canonical.commands import (
    CancelPurchaseOrder,
    CancelRelease,
    ChangePurchaseOrder,
    Command,
    PlacePurchaseOrder,
    ScreenOrder,
    SubmitRelease,
)
from canonical.courier import CourierPolicy, NodeLabels
from canonical.events import (
    AmendmentRequested,
    CancelRequested,
    Event,
    HoldPlaced,
    HoldReleased,
    InvoiceApproved,
    ReturnReceived,
    StockArrived,
)
from canonical.evolve import fold
from canonical.fold_purchases import units_sent
from canonical.fraud import FraudStanding
from canonical.fraud_policy import FraudPolicy
from canonical.lines import Line
from canonical.order import NOT_LEFT_YET, Hold
from canonical.parcels import ParcelStatus
from canonical.payment import PaymentMethod, Tender
from canonical.policy import PaymentPolicy, Policy, SourcingPolicy, StockPolicy
from canonical.purchases import Purchase
from canonical.statuses import HoldType, RowStatus
from canonical.stock import NETWORK, StockMoveKind
from core.engine.cascade import StaleError
from tests.routes.couriers import Couriers
from tests.routes.dropship import COSTS, Suppliers, stocked, supplier
from tests.routes.partners import FraudDesk, Gateway, Warehouses
from tests.routes.world import ORDER_ID, World, line, placed, tender

SKUS = ("A", "B")
NODES = ("berlin", "paris", "rome")
SUPPLIERS = ("acme", "zeta")
EVERYWHERE = (*NODES, *SUPPLIERS)
AT_NODE = (RowStatus.SCHEDULED, RowStatus.RELEASED, RowStatus.ACCEPTED)


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, ...]:
    count = draw(st.integers(1, 3))
    return tuple(
        line(
            str(n),
            draw(st.sampled_from(SKUS)),
            draw(st.integers(1, 4)),
            draw(st.sampled_from(["1.67", "10.00", "0.05", "0.00"])),
            discount=draw(st.sampled_from([None, "0.03"])) if n == 1 else None,
            tax=draw(st.sampled_from([None, "0.31"])),
        )
        for n in range(1, count + 1)
    )


policies = st.builds(
    Policy,
    payment=st.builds(
        PaymentPolicy,
        split_capture=st.sampled_from(["last_shipment", "first_shipment_full", "reauthorise_remainder"]),
        shipping_with=st.sampled_from(["first_shipment", "last_shipment"]),
    ),
    fraud=st.builds(
        FraudPolicy,
        gateway=st.sampled_from([None, "fraud"]),
        min_total=st.sampled_from([0, 10]),
        accept_undecided_below=st.sampled_from([0, 20]),
        on_rejection=st.sampled_from(["cancel", "hold"]),
    ),
    stock=st.builds(StockPolicy, back_order=st.booleans(), ship_partial=st.booleans()),
    sourcing=st.builds(
        SourcingPolicy, max_splits=st.integers(1, 3), min_parcel_value=st.sampled_from([0, 5])
    ),
    courier=st.builds(
        CourierPolicy,
        nodes=st.dictionaries(
            st.sampled_from(NODES),
            st.builds(
                NodeLabels,
                broker=st.just("broker"),
                units_per_parcel=st.none() | st.integers(1, 3),
                collect=st.booleans(),
                manifest=st.booleans(),
            ),
        ),
        assume_delivered_after_days=st.sampled_from([None, 3]),
        mails=st.just(("out_for_delivery", "available_for_pickup", "delivered", "delivery_problem")),
    ),
)


class Play:
    """One order, its partners, and the post between them."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        suppliers = [supplier(name, direct=data.draw(_direct, label="direct")) for name in SUPPLIERS]
        levels = data.draw(_levels(), label="stock")
        self.world = World(stocked(levels, *suppliers), data.draw(policies, label="policy"))
        self.nodes = Warehouses()
        self.suppliers = Suppliers()
        self.fraud = FraudDesk()
        self.gateway = Gateway(
            multicapture=data.draw(st.booleans(), label="multicapture"),
            declines=data.draw(st.sampled_from([False, False, False, True]), label="declines"),
            tells_keys=data.draw(st.booleans(), label="tells keys"),
        )
        self.couriers = Couriers(refuses=data.draw(st.sampled_from([0, 0, 0, 2]), label="refused labels"))
        self.post: list[Event] = []
        self.delivered: list[Event] = []
        self.done = 0
        self.keys: dict[str, Command] = {}
        self.ledger_keys: set[str] = set()

    def chance(self, of: int) -> int:
        return self.data.draw(st.integers(0, of - 1), label="chance")

    def tell(self, *events: Event) -> None:
        try:
            self.world.tell(*events)
        except StaleError:
            return
        finally:
            self.hand_out()
        self.check()

    def hand_out(self) -> None:
        """Give new commands to the partners, at once; what they answer lies in the post."""
        new, self.done = self.world.commands[self.done :], len(self.world.commands)
        for command in new:
            before = self.keys.setdefault(command.key, command)
            assert command == before, f"{command.key} is wished for twice, and differently"
            if command is not before:
                continue
            if isinstance(command, SubmitRelease):
                self.check_clearance()
                self.couriers.may_send(command)
                self.nodes.take(command)
            elif isinstance(command, ScreenOrder):
                self.fraud.take(command)
            elif isinstance(command, CancelRelease):
                self.nodes.stop(command)
            elif isinstance(command, PlacePurchaseOrder):
                self.check_clearance()
                self.suppliers.take(command)
            elif isinstance(command, CancelPurchaseOrder):
                self.suppliers.cancel(command)
            elif isinstance(command, ChangePurchaseOrder):
                self.suppliers.change(command)
            else:
                answer = self.gateway.take(command, self.world.now) or self.couriers.take(command)
                self.post += [answer] if answer else []

    def step(self) -> None:
        moves = [
            self.deliver, self.deliver, self.deliver, self.nodes_act, self.nodes_act, self.suppliers_act,
            self.suppliers_act, self.disturb,
        ]  # fmt: skip
        moves[self.chance(len(moves))]()

    def deliver(self) -> None:
        if not self.post:
            return
        fact = self.post[self.chance(len(self.post))]
        if self.chance(4):
            self.post.remove(fact)
        self.delivered.append(fact)
        self.tell(fact)

    def nodes_act(self) -> None:
        busy = self.nodes.busy()
        if busy:
            self.post += self.nodes.act(busy[self.chance(len(busy))], self.chance)

    def suppliers_act(self) -> None:
        busy = self.suppliers.busy()
        if busy:
            self.post += self.suppliers.act(busy[self.chance(len(busy))], self.chance)
        if self.suppliers.jobs and not self.chance(4):
            self.post += self.suppliers.charge(self.chance)

    def disturb(self) -> None:
        """Something happens that nobody asked for."""
        disturbances = (
            self.cancel, self.hold, self.release_holds, self.stock_arrives, self.time_passes, self.authorisation_ends,
            self.amend, self.repeat, self.send_back, self.scan, self.scan, self.fraud_is_decided,
        )  # fmt: skip
        disturbances[self.chance(len(disturbances))](str(len(self.world.events)))

    def cancel(self, n: str) -> None:
        self.tell(CancelRequested(order_id=ORDER_ID, cancel_id=n, reason="changed", actor="webstore"))

    def hold(self, _: str) -> None:
        hold = Hold(type=HoldType.OTHER, reason="look", actor="support", placed_at=self.world.now)
        self.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))

    def release_holds(self, _: str) -> None:
        for hold in self.world.order.holds:
            self.tell(HoldReleased(order_id=ORDER_ID, type=hold.type, actor="support"))

    def stock_arrives(self, _: str) -> None:
        sku, node = SKUS[self.chance(2)], EVERYWHERE[self.chance(len(EVERYWHERE))]
        self.world.adjust(sku, node, 1 + self.chance(3))
        self.tell(StockArrived(order_id=ORDER_ID, sku=sku))

    def time_passes(self, _: str) -> None:
        self.pass_time(timedelta(hours=(1, 80, 24 * 6, 24 * 31)[self.chance(4)]))

    def authorisation_ends(self, _: str) -> None:
        live = self.gateway.live()
        if live:
            self.post.append(self.gateway.expire(live[self.chance(len(live))]))

    def scan(self, _: str) -> None:
        self.post += self.couriers.scan(self.world.order, self.world.now, self.chance)

    def amend(self, n: str) -> None:
        wish = "one more of A"
        self.tell(AmendmentRequested(order_id=ORDER_ID, amendment_id=n, actor="webstore", summary=wish))

    def repeat(self, _: str) -> None:
        if self.delivered:
            self.tell(self.delivered[self.chance(len(self.delivered))])

    def send_back(self, n: str) -> None:
        if self.world.order.shipments:
            node, skus = self.world.order.shipments[0].node, ((SKUS[self.chance(2)], 1),)
            self.tell(ReturnReceived(order_id=ORDER_ID, return_id=n, node=node, skus=skus, fact_key=n))

    def fraud_is_decided(self, _: str) -> None:
        """The gateway says something, perhaps again, perhaps the opposite; its clock is not ours."""
        if self.fraud.asked:
            at = self.world.now + timedelta(minutes=self.chance(5) - 2)
            self.post.append(self.fraud.decide(self.chance, at))

    def pass_time(self, duration: timedelta) -> None:
        end = self.world.now + duration
        while due := sorted((t for t in self.world.timers.values() if t.at <= end), key=lambda t: t.at):
            del self.world.timers[due[0].name]
            self.world.now = max(self.world.now, due[0].at)
            self.tell(due[0].event)
        self.world.now = max(end, self.world.now)

    def finish(self) -> None:
        """Everybody answers everything, people release every hold, and time passes until nothing happens."""
        for _ in range(60):
            while self.post:
                self.tell(self.post.pop(0))
            for work in self.nodes.busy():
                self.post += self.nodes.finish(work)
            for job in self.suppliers.busy():
                self.post += self.suppliers.finish(job)
            if not self.post:
                holds = self.world.order.holds
                for hold in holds:
                    self.tell(HoldReleased(order_id=ORDER_ID, type=hold.type, actor="support"))
                if not self.post and not self.nodes.busy() and not self.suppliers.busy():
                    if not self.world.timers and not holds:
                        return
                    self.pass_time(timedelta(days=40))

    # --- what must always be so -----------------------------------------------------------------------------------

    def check_clearance(self) -> None:
        """Nothing is sent of an order that somebody may still reject."""
        check = self.world.order.fraud
        screened = self.world.policy.fraud.gateway is not None
        assert (check is not None and check.standing is FraudStanding.CLEARED) or not screened

    def check(self) -> None:
        order, view = self.world.order, self.world.stock.content
        for x in order.lines:
            assert sum(row.quantity for row in x.rows) == x.ordered
        for sku in SKUS:
            mine = [x for x in order.lines if x.sku == sku]
            assert view.level(sku, NETWORK).reserved == sum(x.quantity(RowStatus.RESERVED) for x in mine)
            for node in EVERYWHERE:
                there = (row for x in mine for row in x.rows if row.status in AT_NODE and row.node == node)
                assert view.level(sku, node).allocated == sum(row.quantity for row in there)
        keys = [move.key for move in self.world.ledger]
        assert len(keys) == len(set(keys))
        assert not self.gateway.misuse
        assert not self.couriers.misuse
        followed = {p.shipment: p.status for p in order.parcels if p.shipment}
        for row in (row for x in order.lines for row in x.rows if row.status is RowStatus.DELIVERED):
            assert row.shipment in followed
        for row in (row for x in order.lines for row in x.rows if row.status is RowStatus.SHIPPED):
            assert followed.get(row.shipment or "") is not ParcelStatus.DELIVERED
        left = self.nodes.sent_units() + self.suppliers.sent
        assert sum(s.quantity for p in order.shipments for s in p.lines) <= left
        for purchase in order.purchases:
            self.check_purchase(purchase)

    def check_purchase(self, purchase: Purchase) -> None:
        """Nothing is paid that did not leave, or at another price; what was dropped is nobody's any more."""
        order, sent = self.world.order, units_sent(self.world.order, purchase.id)
        for x in purchase.lines:
            rows = (
                row for y in order.lines if y.sku == x.sku for row in y.rows if row.release == purchase.id
            )
            waits = sum(row.quantity for row in rows if row.status in AT_NODE)
            assert waits + sent.get(x.sku, 0) <= x.wanted()
            assert x.accepted + x.back_ordered + x.refused <= x.quantity
        approved = [e for e in self.world.seen(InvoiceApproved) if e.purchase_id == purchase.id]
        unseen = [purchase.invoice(e.invoice_id) for e in approved if e.actor == "policy"]
        charged = [y for invoice in unseen if invoice is not None for y in invoice.lines]
        for x in purchase.lines:
            assert sum(y.quantity for y in charged if y.sku == x.sku) <= sent.get(x.sku, 0)
        assert all(str(y.unit_price.amount) == COSTS[y.sku] for y in charged)

    def check_the_end(self) -> None:
        order = self.world.order
        assert fold(self.world.events) == order
        if order.quantity(*NOT_LEFT_YET):
            event(f"open at the end: {order.status().value}, {[h.type.value for h in order.holds]}")
            assert not order.is_paid_for()
            return
        event(f"end: {order.status().value}, purchases: {len(order.purchases)}")
        assert order.hold(HoldType.SUPPLIER_PROBLEM) is None
        used = {parcel.id for parcel in order.parcels if parcel.shipment}
        assert self.couriers.voided == set(self.couriers.labels) - used
        if self.world.policy.courier.assume_delivered_after_days is not None:
            assert not order.awaits_delivery()
        sums = {kind: sum(m.quantity for m in self.world.ledger if m.kind is kind) for kind in StockMoveKind}
        assert sums[StockMoveKind.RESERVE] == sums[StockMoveKind.UNRESERVE]
        allocated = sums[StockMoveKind.ALLOCATE]
        assert allocated == sums[StockMoveKind.DEALLOCATE] + sums[StockMoveKind.DISPATCH]
        due = order.owed() - order.payment.prepaid("EUR")
        taken = self.gateway.taken()
        covered = order.payment.covered("EUR") >= order.owed()
        assert taken <= max(due.minor, 0)
        if covered:
            assert taken == max(due.minor, 0)
            assert not self.gateway.live()


@st.composite
def _levels(draw: st.DrawFn) -> dict[str, dict[str, int]]:
    return {node: {sku: draw(st.integers(0, 5)) for sku in SKUS} for node in EVERYWHERE}


_direct = st.sampled_from([(), (), ("A",)])


@st.composite
def _tenders(draw: st.DrawFn, total_minor: int) -> tuple[Tender, ...]:
    def amount(minor: int) -> str:
        return f"{minor // 100}.{minor % 100:02d}"

    first = draw(st.integers(0, total_minor))
    stored = draw(st.booleans())
    match draw(st.sampled_from(["one", "prepaid", "two"])):
        case "prepaid":
            return (
                tender(1, amount(first), PaymentMethod.PREPAID),
                tender(2, amount(total_minor - first), may_reauthorise=stored),
            )
        case "two":
            return (tender(1, amount(first)), tender(2, amount(total_minor - first), may_reauthorise=stored))
        case _:
            return (tender(1, amount(total_minor), may_reauthorise=stored),)


@settings(
    max_examples=200,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_quantities_stock_and_money_stay_right(data: st.DataObject) -> None:
    play = Play(data)
    bought = data.draw(lines(), label="lines")
    first = placed(*bought, tenders=(), prices_include_tax=data.draw(st.booleans(), label="incl"))
    tenders = data.draw(_tenders(first.total.minor), label="tenders")
    play.tell(first.replace(tenders=tenders))
    for _ in range(data.draw(st.integers(0, 25), label="steps")):
        play.step()
    play.finish()
    play.check_the_end()
