"""Runs the demo from its plan to its verdict."""

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live

from hub.demo.beside import HubProcess
from hub.demo.judge import Verdict, judge
from hub.demo.options import DemoOptions
from hub.demo.plan import PlannedOrder, make_plan, write_expected
from hub.demo.show import Show
from hub.demo.summary import Summary, count_faults, show_summary
from hub.quiet import logs_to

if TYPE_CHECKING:
    from hub.demo.drive import Driver
    from hub.demo.stage import Stage

LOOK_S = 0.5
QUIET_S = 5.0
"""Wall time without any news after which the ledgers are read though a script is not over: it may be that what it waits
for was over before it looked."""
STALLED_S = 60.0
"""Wall time without any news after which the demo gives its verdict as things are."""
_MESSAGES = "SELECT COUNT(*) AS n FROM messages"
_FAILED = "SELECT COUNT(*) AS n FROM failures"


async def run_demo(options: DemoOptions, console: Console | None = None) -> int:
    """Run it, and return the exit status: 1 if any order did not end as expected."""
    console = console or Console(stderr=options.json)
    async with _folder(options) as data:
        with logs_to(data / "partners.log"):
            return await _run(options, data, console)


@asynccontextmanager
async def _folder(options: DemoOptions) -> AsyncGenerator[Path]:
    if options.data is not None:
        options.data.mkdir(parents=True, exist_ok=True)
        if any(options.data.glob("*.sqlite3")):
            message = f"{options.data} holds an earlier demo: name a new folder, or remove it"
            raise FileExistsError(message)
        yield options.data.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="orderhub-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


async def _run(options: DemoOptions, data: Path, console: Console) -> int:
    began = time.monotonic()
    process = await HubProcess.start(data)
    plan = make_plan(options.orders, options.seed)
    write_expected(plan, data / "expected.jsonl")
    stage, driver = await _set(options, data, plan, process)
    try:
        verdicts = await _play(stage, driver, plan, console)
        summary = await _summary(stage, driver, plan, verdicts, time.monotonic() - began)
        show_summary(console, summary, verdicts, driver.mended)
        if options.json:
            print(summary.as_json(), flush=True)  # noqa: T201 - the one line that was asked for
        if not options.exit:
            await _look_around(stage, console)
    finally:
        await stage.strike()
    return 0 if summary.as_expected == summary.orders else 1


async def _set(
    options: DemoOptions, data: Path, plan: tuple[PlannedOrder, ...], process: HubProcess
) -> tuple["Stage", "Driver"]:
    """Set the stage while the hub gets ready; nothing of it stays if that fails."""
    try:
        from hub.demo.drive import Driver  # noqa: PLC0415 - partners are imported while the hub imports its own
        from hub.demo.stage import Stage  # noqa: PLC0415 - as above

        stage = await Stage.build(options, data, plan, process)
    except BaseException:
        await process.end()
        raise
    return stage, Driver(stage, plan)


async def _play(
    stage: "Stage",
    driver: "Driver",
    plan: tuple[PlannedOrder, ...],
    console: Console,
) -> tuple[Verdict, ...]:
    show = Show(stage.ledgers, len(plan), f"look around at {stage.hub.url}")
    playing = asyncio.create_task(driver.run(), name="demo")
    around = (
        asyncio.create_task(driver.attend(), name="desk"),
        asyncio.create_task(driver.carry(), name="van"),
    )
    live = Live(show, console=console, refresh_per_second=4, transient=True)
    try:
        with live if console.is_terminal else nullcontext():
            return await wait_for_verdicts(stage, show, playing)
    finally:
        for task in (playing, *around):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def wait_for_verdicts(stage: "Stage", show: Show, playing: "asyncio.Task[None]") -> tuple[Verdict, ...]:
    """Wait until every ledger says what was expected, or nothing has moved for a long while."""
    entries, moved_at, judged = -1, time.monotonic(), -1
    while True:
        await asyncio.sleep(LOOK_S)
        if playing.done() and playing.exception() is not None:
            playing.result()
        stage.hub.process.must_run()
        if show.total() != entries:
            entries, moved_at = show.total(), time.monotonic()
        quiet_s = time.monotonic() - moved_at
        if quiet_s > STALLED_S:
            return judge(stage.data)
        # Reading all ledgers is work, which the partners need done first.
        if (playing.done() or quiet_s > QUIET_S) and judged != entries:
            judged = entries
            verdicts = judge(stage.data)
            if not any(verdict.wrong for verdict in verdicts):
                return verdicts


async def _summary(
    stage: "Stage",
    driver: "Driver",
    plan: tuple[PlannedOrder, ...],
    verdicts: tuple[Verdict, ...],
    seconds: float,
) -> Summary:
    async with stage.hub.database.reading() as session:
        messages = (await session.rows(_MESSAGES))[0]["n"]
        failed = (await session.rows(_FAILED))[0]["n"]
    outcomes: dict[str, int] = {}
    for order in plan:
        outcomes[order.outcome.value] = outcomes.get(order.outcome.value, 0) + 1
    return Summary(
        orders=len(plan),
        as_expected=sum(not verdict.wrong for verdict in verdicts),
        failed_messages=failed,
        messages=messages,
        seconds=round(seconds, 1),
        outcomes=dict(sorted(outcomes.items())),
        faults=count_faults(plan, stage.faults, driver.away),
    )


async def _look_around(stage: "Stage", console: Console) -> None:
    """Keep serving until somebody has seen enough."""
    console.print(f"\nLook around at [bold]{stage.hub.url}[/]. Ctrl-C ends the demo.")
    await asyncio.Event().wait()
