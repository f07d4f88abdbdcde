"""A canary: one first, wait for its end in the business, then more and more; it stops by itself, and by hand."""

import pytest

from core.errors import RejectedError, RetryableError
from hub.desk import connectors, replays
from hub.desk.errors import RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.replay_outcome import Verdict
from hub.desk.replay_steps import PORTION, RAMP, room_of
from hub.desk.replay_views import ReplayMode, ReplayState, ReplayStatus
from tests.hub.desk.replaying import many, until_said, until_state
from tests.hub.stage import ENGINEER, VIEWER, Reading, Stage

CANARY = ReplayMode.CANARY


async def begun(hub: Stage, count: int = 3, *, wait_s: int | None = None) -> ReplayStatus:
    """Begin a canary over messages that the mended mapping reads."""
    await many(hub, count)
    planned = await replays.plan(hub.ctx, ENGINEER, wanted=FailureFilter())
    Reading.mended = True
    return await replays.run(hub.ctx, ENGINEER, planned.id, CANARY, wait_s=wait_s)


async def resting(hub: Stage) -> None:
    """Pause the warehouse, and see that the runner knows, so that a canary has something to wait for."""
    await connectors.pause(hub.ctx, ENGINEER, "wms", "moving house")

    async def known() -> bool:
        return "wms" in hub.hub.runner.paused

    await hub.until(known)


class TestTheRamp:
    def test_it_is_one_then_five_then_twenty_five_then_the_rest(self) -> None:
        assert RAMP == (1, 5, 25)
        assert [room_of(Verdict(sent)) for sent in (0, 1, 6, 31, 131)] == [1, 5, 25, PORTION, PORTION]

    def test_a_step_begins_when_all_before_has_its_end(self) -> None:
        waiting = [room_of(Verdict(sent, waits="something")) for sent in (1, 6, 31)]
        assert waiting == [0, 0, 0]

    def test_a_step_that_has_begun_is_filled_without_waiting(self) -> None:
        assert [room_of(Verdict(sent, waits="something")) for sent in (3, 20)] == [3, 11]

    def test_the_rest_is_not_held_up(self) -> None:
        assert room_of(Verdict(32, waits="something")) == PORTION


async def test_it_waits_for_the_partner_and_not_only_for_the_hub(either: Stage) -> None:
    await resting(either)
    running = await begun(either)
    said = await until_said(either, running.id, "waits: release:")
    assert "at wms is pending" in (said.reason or "")
    assert said.counts == {"resolved": 1, "planned": 2}
    await connectors.resume(either.ctx, ENGINEER, "wms")
    done = await until_state(either, running.id, ReplayState.DONE)
    assert (done.counts, done.reason) == ({"resolved": 3}, None)


async def test_it_stops_when_no_end_is_reached_in_time(either: Stage) -> None:
    await resting(either)
    running = await begun(either, wait_s=1)
    stopped = await until_state(either, running.id, ReplayState.STOPPED)
    assert (stopped.reason or "").startswith("no end was reached within 1 s: release:")
    assert stopped.counts == {"resolved": 1, "planned": 2}


async def test_it_stops_when_the_partner_gives_up(either: Stage) -> None:
    either.partners["wms"].troubles = [RetryableError("closed") for _ in range(2)]
    running = await begun(either)
    stopped = await until_state(either, running.id, ReplayState.STOPPED)
    assert "at wms is parked: closed" in (stopped.reason or "")
    assert stopped.left == 2


async def test_it_stops_when_the_partner_refuses(either: Stage) -> None:
    either.partners["wms"].troubles = [RejectedError("we do not sell mugs")]
    running = await begun(either)
    stopped = await until_state(either, running.id, ReplayState.STOPPED)
    assert "at wms is rejected: we do not sell mugs" in (stopped.reason or "")


async def test_it_stops_when_the_failure_comes_back_elsewhere(either: Stage) -> None:
    await resting(either)
    running = await begun(either)
    await until_said(either, running.id, "waits: release:")
    Reading.mended = False
    await either.failed("new-1")
    stopped = await until_state(either, running.id, ReplayState.STOPPED)
    assert (stopped.reason or "").startswith("1 new failures of the same kind since it began: shop | read")
    assert stopped.left == 2


async def test_a_person_stops_it_and_what_was_sent_goes_on(either: Stage) -> None:
    await resting(either)
    running = await begun(either)
    stopped = await replays.stop(either.ctx, ENGINEER, running.id, "look at the first one")
    assert (stopped.state, stopped.reason) == (ReplayState.STOPPED, "look at the first one")
    await connectors.resume(either.ctx, ENGINEER, "wms")
    await either.settled()
    assert not await replays.advance(either.ctx, running.id)
    shown = await replays.status(either.ctx, VIEWER, running.id)
    assert shown.counts == {"resolved": 1, "planned": 2}


async def test_nothing_is_left_to_continue_once_all_was_sent(hub: Stage) -> None:
    await resting(hub)
    running = await begun(hub, 1)
    await replays.stop(hub.ctx, ENGINEER, running.id)
    await hub.failure_is((await hub.rows("SELECT id FROM failures"))[0]["id"], "resolved")
    with pytest.raises(RefusedError, match="is left to be sent"):
        await replays.run(hub.ctx, ENGINEER, running.id, CANARY)
