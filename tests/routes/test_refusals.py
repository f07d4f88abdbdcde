"""A node that says how many units it refuses sends the others: nothing is sent twice, and no unit is forgotten."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.commands import CapturePayment, SubmitRelease, TellChannelCancelled
from canonical.events import (
    CancelAccepted,
    CancelRequested,
    Event,
    GoodsDispatched,
    ReleaseRefused,
    StepRefused,
)
from canonical.order import LIVE_RELEASES
from canonical.statuses import HoldType, OrderStatus, ReleaseStatus, RowStatus
from canonical.stock import StockMoveKind
from core.engine.cascade import StaleError
from routes.explain import explain
from tests.routes.partners import Chance, Warehouses
from tests.routes.world import ORDER_ID, World, eur, line, placed, release_id, stock

R1, R2, R3 = (release_id(n) for n in (1, 2, 3))


def released(units: int = 3) -> World:
    """All of it at berlin; paris has as much."""
    w = World(stock({"berlin": {"A": units}, "paris": {"A": units}}))
    w.tell(placed(line("1", "A", units)))
    w.authorised()
    return w


def status(w: World, release: str = R1) -> ReleaseStatus:
    found = w.order.release(release)
    assert found is not None
    return found.status


def asked(w: World) -> list[tuple[str, int]]:
    """Which node was asked to send how many units, in turn."""
    return [(c.node, sum(x.quantity for x in c.lines)) for c in w.sent(SubmitRelease)]


def cancel(w: World) -> None:
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed my mind", actor="webstore"))


def test_only_what_is_refused_is_sent_by_somebody_else() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    assert asked(w) == [("berlin", 3), ("paris", 1)]
    assert w.order.rejected_nodes == ("berlin",)
    assert (status(w), w.rows()) == (ReleaseStatus.REQUESTED, {"released": 3})
    assert [w.stock.content.level("A", node).allocated for node in ("berlin", "paris")] == [2, 1]


def test_a_parcel_may_come_after_the_refusal_that_overtook_it() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    w.dispatch(R1, "s1", ("A", 2))
    assert (status(w), w.rows()) == (ReleaseStatus.SHIPPED, {"shipped": 2, "released": 1})
    w.dispatch(R2, "s2", ("A", 1))
    assert w.rows() == {"shipped": 3}
    assert [c.amount for c in w.sent(CapturePayment)] == [eur("35.00")]
    assert not w.seen(StepRefused)


def test_a_parcel_may_come_before_the_refusal() -> None:
    w = released()
    w.accept(R1)
    w.dispatch(R1, "s1", ("A", 2))
    w.lacks(R1, ("A", 1))
    assert (status(w), w.rows()) == (ReleaseStatus.SHIPPED, {"shipped": 2, "released": 1})
    assert asked(w) == [("berlin", 3), ("paris", 1)]


def test_two_refusals_of_one_release_both_count() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    w.lacks(R1, ("A", 2), n=2)
    assert status(w) is ReleaseStatus.REFUSED
    assert asked(w) == [("berlin", 3), ("paris", 1), ("paris", 2)]


def test_a_refusal_told_twice_counts_once() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    w.lacks(R1, ("A", 1))
    assert len(w.last.repeated) == 1
    assert asked(w) == [("berlin", 3), ("paris", 1)]


def test_all_units_refused_by_number_is_all_of_it() -> None:
    w = released()
    w.lacks(R1, ("A", 1), ("A", 2))
    assert (status(w), asked(w)) == (ReleaseStatus.REFUSED, [("berlin", 3), ("paris", 3)])


def test_the_rest_may_be_refused_without_a_number() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    w.refuse(R1)
    assert (status(w), asked(w)) == (ReleaseStatus.REFUSED, [("berlin", 3), ("paris", 1), ("paris", 2)])


def test_more_than_is_left_is_not_sourced_and_is_told_to_a_person() -> None:
    w = released()
    w.dispatch(R1, "s1", ("A", 2))
    w.lacks(R1, ("A", 2), ("B", 1))
    assert asked(w) == [("berlin", 3), ("paris", 1)]
    (told,) = w.seen(StepRefused)
    assert (told.step, "1 × A, 1 × B too many" in told.reason) == ("refusal", True)
    assert w.order.holds == (), "every unit has left or is sourced again, so nothing has to wait"


def test_a_refusal_of_what_has_all_left_moves_nothing_and_is_told_to_a_person() -> None:
    w = released()
    w.dispatch(R1, "s1", ("A", 3))
    w.lacks(R1, ("A", 1), short=True)
    assert (w.rows(), asked(w)) == ({"shipped": 3}, [("berlin", 3)])
    assert [told.step for told in w.seen(StepRefused)] == ["refusal"]


def test_a_refusal_of_what_is_refused_already_is_stale() -> None:
    w = released()
    w.refuse(R1)
    with pytest.raises(StaleError):
        w.lacks(R1, ("A", 1))
    assert asked(w) == [("berlin", 3), ("paris", 3)]


def test_a_parcel_that_holds_what_was_refused_goes_to_a_person() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    w.dispatch(R1, "s1", ("A", 3))
    assert w.rows() == {"shipped": 2, "released": 1}
    assert "1 × A" in w.seen(StepRefused)[0].reason
    assert w.order.hold(HoldType.OTHER) is not None


def test_lines_of_one_sku_are_told_apart_by_their_order() -> None:
    w = World(stock({"berlin": {"A": 3}, "paris": {"A": 3}}))
    w.tell(placed(line("1", "A", 1), line("2", "A", 2)))
    w.authorised()
    w.lacks(R1, ("A", 2))
    w.dispatch(R1, "s1", ("A", 1))
    assert [(x.line_id, x.quantity) for s in w.order.shipments for x in s.lines] == [("2", 1)]
    assert [(x.line_id, x.quantity) for x in w.sent(SubmitRelease)[1].lines] == [("1", 1), ("2", 1)]


def test_a_node_that_was_short_and_counted_again_may_be_short_again() -> None:
    w = released()
    w.lacks(R1, ("A", 1), short=True)
    assert w.stock.content.level("A", "berlin").free() == 0
    w.adjust("A", "berlin", 4)
    w.lacks(R1, ("A", 1), n=2, short=True)
    assert w.stock.content.level("A", "berlin").free() == 0
    assert [m.quantity for m in w.ledger if m.kind is StockMoveKind.ADJUST] == [-1, -5]


def test_what_is_refused_while_it_is_to_be_cancelled_is_cancelled_and_the_rest_is_waited_for() -> None:
    w = released()
    cancel(w)
    w.lacks(R1, ("A", 1))
    assert (status(w), w.rows()) == (ReleaseStatus.CANCEL_REQUESTED, {"released": 2, "cancelled": 1})
    assert (asked(w), w.seen(CancelAccepted)) == ([("berlin", 3)], [])
    w.stopped(R1)
    assert w.order.status() is OrderStatus.CANCELLED
    assert [x.quantity for c in w.sent(TellChannelCancelled) for x in c.lines] == [1, 2]


def test_what_is_refused_is_cancelled_though_the_rest_leaves() -> None:
    w = released()
    cancel(w)
    w.lacks(R1, ("A", 1))
    w.dispatch(R1, "s1", ("A", 2))
    assert (status(w), w.rows()) == (ReleaseStatus.SHIPPED, {"shipped": 2, "cancelled": 1})
    assert len(w.seen(CancelAccepted)) == 1
    assert w.order.holds == ()
    assert [c.amount for c in w.sent(CapturePayment)] == [eur("25.00")]


def test_what_is_left_after_a_refusal_may_be_cancelled() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    cancel(w)
    w.stopped(R1)
    w.stopped(R2)
    assert w.order.status() is OrderStatus.CANCELLED
    assert not w.seen(StepRefused)


def test_a_node_that_stops_what_it_has_sent_and_refused_is_not_believed() -> None:
    w = released()
    w.dispatch(R1, "s1", ("A", 2))
    w.lacks(R1, ("A", 1))
    w.stopped(R1)
    assert "it has dispatched or refused all of it" in w.seen(StepRefused)[0].reason
    assert w.rows() == {"shipped": 2, "released": 1}


def test_what_is_waited_for_is_what_the_node_still_sends() -> None:
    w = released()
    w.lacks(R1, ("A", 1))
    assert [wait.what for wait in explain(w.order).waits] == [
        "warehouse berlin to accept 2 units",
        "warehouse paris to accept 1 units",
    ]


@dataclass
class Post:
    """What nodes say, delivered in any order, and again."""

    world: World
    nodes: Warehouses = field(default_factory=Warehouses)
    letters: list[Event] = field(default_factory=list[Event])
    seen: list[Event] = field(default_factory=list[Event])
    taken: int = 0

    def hand_out(self) -> None:
        new = self.world.sent(SubmitRelease)
        for command in new[self.taken :]:
            self.nodes.take(command)
        self.taken = len(new)

    def deliver(self, chance: Chance) -> None:
        letter = self.letters.pop(chance(len(self.letters)))
        self.seen.append(letter)
        self.tell(letter)
        if not chance(4):
            self.tell(self.seen[chance(len(self.seen))])

    def tell(self, letter: Event) -> None:
        try:
            self.world.tell(letter)
        except StaleError:
            assert not isinstance(letter, GoodsDispatched | ReleaseRefused)
        self.hand_out()

    def act(self, chance: Chance) -> None:
        busy = self.nodes.busy()
        work = busy[chance(len(busy))]
        self.letters += self.nodes.act_by_units(work, chance)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_parcels_and_refusals_in_any_order_send_each_unit_once(data: st.DataObject) -> None:
    def chance(of: int) -> int:
        return data.draw(st.integers(0, of - 1))

    bought = [
        line(str(n), data.draw(st.sampled_from("AB")), data.draw(st.integers(1, 4))) for n in range(1, 4)
    ]
    nodes = ("berlin", "paris", "rome")
    post = Post(World(stock({node: {"A": 12, "B": 12} for node in nodes})))
    post.tell(placed(*bought))
    post.world.authorised()
    post.hand_out()
    while post.letters or post.nodes.busy():
        if post.nodes.busy() and (not post.letters or chance(2)):
            post.act(chance)
        else:
            post.deliver(chance)
        check(post)
    order = post.world.order
    left = post.world.rows()
    assert left.get("shipped", 0) + left.get("backordered", 0) == order.ordered()
    assert left.get("backordered", 0) == 0 or set(order.rejected_nodes) == set(nodes)
    assert not any(release.status in LIVE_RELEASES for release in order.releases)
    assert not post.world.seen(StepRefused)


def check(post: Post) -> None:
    """No node is asked for what another one sends: what has left and is still to leave is what was ordered, at most."""
    order, works = post.world.order, post.nodes.works
    under_way = sum(sum(work.left.values()) for work in works.values())
    assert post.nodes.sent_units() + under_way <= order.ordered()
    for release in order.releases:
        sent = sum(x.quantity for s in order.shipments if s.release == release.id for x in s.lines)
        still = sum(
            row.quantity
            for x in order.lines
            for row in x.rows
            if row.release == release.id and row.status in {RowStatus.RELEASED, RowStatus.ACCEPTED}
        )
        assert sent + still == release.wanted()
        assert (release.status in LIVE_RELEASES) == bool(still)
