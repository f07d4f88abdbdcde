"""A node that says how many units it stopped has sent the others, whichever of the two is heard first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.commands import CapturePayment, SubmitRelease, TellChannelCancelled
from canonical.events import CancelAccepted, CancelRequested, StepRefused
from canonical.order import LIVE_RELEASES
from canonical.statuses import OrderStatus, ReleaseStatus
from core.engine.cascade import StaleError
from tests.routes.world import ORDER_ID, World, eur, line, placed, release_id, stock

R1, R2 = release_id(1), release_id(2)


def released(units: int = 3) -> World:
    """All of it at berlin; paris has as much."""
    w = World(stock({"berlin": {"A": units}, "paris": {"A": units}}))
    w.tell(placed(line("1", "A", units)))
    w.authorised()
    return w


def cancel(w: World) -> None:
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed my mind", actor="webstore"))


def status(w: World) -> ReleaseStatus:
    found = w.order.release(R1)
    assert found is not None
    return found.status


def asked(w: World) -> list[tuple[str, int]]:
    """Which node was asked to send how many units, in turn."""
    return [(c.node, sum(x.quantity for x in c.lines)) for c in w.sent(SubmitRelease)]


def test_a_parcel_that_left_before_the_stop_may_be_told_after_it() -> None:
    w = released()
    cancel(w)
    w.stopped(R1, ("A", 2))
    assert (status(w), w.rows()) == (ReleaseStatus.CANCEL_REQUESTED, {"released": 1, "cancelled": 2})
    w.dispatch(R1, "s1", ("A", 1))
    assert (status(w), w.rows()) == (ReleaseStatus.SHIPPED, {"shipped": 1, "cancelled": 2})
    assert len(w.seen(CancelAccepted)) == 1
    assert [x.quantity for c in w.sent(TellChannelCancelled) for x in c.lines] == [2]
    assert [c.amount for c in w.sent(CapturePayment)] == [eur("15.00")]
    assert (w.order.holds, w.seen(StepRefused)) == ((), [])


def test_a_parcel_that_left_before_the_stop_may_be_told_before_it() -> None:
    w = released()
    cancel(w)
    w.dispatch(R1, "s1", ("A", 1))
    w.stopped(R1, ("A", 2))
    assert (status(w), w.rows()) == (ReleaseStatus.SHIPPED, {"shipped": 1, "cancelled": 2})
    assert (len(w.seen(CancelAccepted)), w.order.holds, w.seen(StepRefused)) == (1, (), [])


def test_only_what_a_node_stopped_unasked_is_sent_by_somebody_else() -> None:
    w = released()
    w.stopped(R1, ("A", 2))
    assert (asked(w), w.order.rejected_nodes) == ([("berlin", 3), ("paris", 2)], ("berlin",))
    w.dispatch(R1, "s1", ("A", 1))
    w.dispatch(R2, "s2", ("A", 2))
    assert (w.rows(), w.seen(StepRefused)) == ({"shipped": 3}, [])


def test_all_units_stopped_by_number_is_all_of_it() -> None:
    w = released()
    cancel(w)
    w.stopped(R1, ("A", 3))
    assert (status(w), w.order.status()) == (ReleaseStatus.CANCELLED, OrderStatus.CANCELLED)


def test_a_stop_that_is_told_twice_counts_once() -> None:
    w = released()
    cancel(w)
    w.stopped(R1, ("A", 1))
    w.stopped(R1, ("A", 1))
    assert len(w.last.repeated) == 1
    assert w.rows() == {"released": 2, "cancelled": 1}


def test_more_than_is_left_is_told_to_a_person() -> None:
    w = released()
    cancel(w)
    w.dispatch(R1, "s1", ("A", 2))
    w.stopped(R1, ("A", 2), ("B", 1))
    (told,) = w.seen(StepRefused)
    assert (told.step, "1 × A, 1 × B too many" in told.reason) == ("cancel", True)
    assert w.rows() == {"shipped": 2, "cancelled": 1}


def test_a_stop_of_what_has_all_left_moves_nothing_and_is_told_to_a_person_once() -> None:
    w = released()
    w.dispatch(R1, "s1", ("A", 3))
    w.stopped(R1, ("A", 1))
    assert (w.rows(), asked(w)) == ({"shipped": 3}, [("berlin", 3)])
    assert [told.step for told in w.seen(StepRefused)] == ["cancel"]


def test_a_stop_of_what_is_over_is_stale() -> None:
    w = released()
    cancel(w)
    w.stopped(R1)
    with pytest.raises(StaleError):
        w.stopped(R1, ("A", 1))
    assert w.rows() == {"cancelled": 3}


@given(
    st.lists(st.sampled_from(["sent", "stopped", "lacking"]), min_size=1, max_size=6),
    st.booleans(),
    st.data(),
)
def test_what_left_was_stopped_and_was_refused_may_be_told_in_any_order(
    fates: list[str], wanted: bool, data: st.DataObject
) -> None:
    w = released(len(fates))
    if wanted:
        cancel(w)
    units = {fate: fates.count(fate) for fate in fates}
    for fate in data.draw(st.permutations(sorted(units))):
        match fate:
            case "sent":
                w.dispatch(R1, "s1", ("A", units[fate]))
            case "stopped":
                w.stopped(R1, ("A", units[fate]))
            case _:
                w.lacks(R1, ("A", units[fate]))
    gone = units.get("sent", 0)
    rest = {"cancelled" if wanted else "released": len(fates) - gone}
    assert w.rows() == {key: n for key, n in {"shipped": gone, **rest}.items() if n}
    release = w.order.release(R1)
    assert release is not None
    assert release.status not in LIVE_RELEASES
    assert sum(n for node, n in asked(w) if node == "paris") == (0 if wanted else len(fates) - gone)
    assert not w.seen(StepRefused)
