"""The demo as somebody runs it: partners here, the hub in a process of its own, ledgers that judge."""

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import orjson
import pytest
from rich.console import Console

from canonical.statuses import HoldType
from core.clock import SystemClock
from hub.demo import running
from hub.demo.agreed import House
from hub.demo.beside import DeskRefusedError, HubBeside, HubEndedError, HubProcess
from hub.demo.cast import PARTNERS
from hub.demo.judge import Verdict
from hub.demo.options import DemoOptions
from hub.demo.running import run_demo
from hub.demo.stage import Stage

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


async def test_every_order_of_a_demo_ends_as_it_was_written_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = io.StringIO()
    options = DemoOptions(orders=24, seed=3, data=tmp_path, exit=True, json=True)

    status = await run_demo(options, Console(file=shown, width=120))

    summary = orjson.loads(capsys.readouterr().out)
    assert (summary["orders"], summary["as_expected"], status) == (24, 24, 0), shown.getvalue()
    assert {path.stem for path in (tmp_path / "ledgers").iterdir()} == set(PARTNERS)
    assert "24 of 24 orders ended as expected" in " ".join(shown.getvalue().split())


async def test_a_script_that_waits_in_vain_keeps_no_verdict_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = (Verdict("W-1", "shipped", ()),)
    monkeypatch.setattr(running, "QUIET_S", 0.0)

    def all_right(data: Path) -> tuple[Verdict, ...]:
        assert data == tmp_path
        return right

    monkeypatch.setattr(running, "judge", all_right)
    stage = SimpleNamespace(
        data=tmp_path, hub=SimpleNamespace(process=SimpleNamespace(must_run=lambda: None))
    )
    script = asyncio.create_task(asyncio.Event().wait())

    async with asyncio.timeout(30):
        assert await running.wait_for_verdicts(stage, SimpleNamespace(total=lambda: 7), script) == right  # type: ignore[arg-type]

    script.cancel()


async def test_a_folder_with_an_earlier_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "orderhub.sqlite3").write_bytes(b"earlier")
    with pytest.raises(FileExistsError, match="name a new folder, or remove it"):
        await run_demo(DemoOptions(data=tmp_path, exit=True), Console(file=io.StringIO()))
    assert (tmp_path / "orderhub.sqlite3").read_bytes() == b"earlier"


async def test_a_hub_that_is_told_rubbish_ends_and_names_its_log(tmp_path: Path) -> None:
    process = await HubProcess.start(tmp_path)
    clock = SystemClock()
    house = House(
        speed=1,
        since=clock.since,
        port=0,
        settings={"stripe": {"no": "such setting"}},
        skus=(),
    )
    with pytest.raises(HubEndedError, match=r"did not come to serve; its log says why: .*hub\.log"):
        await process.open(house, clock)
    assert "Error" in (tmp_path / "hub.log").read_text()


async def test_the_desk_s_refusals_are_told(tmp_path: Path) -> None:
    async with _hub(tmp_path) as hub:
        with pytest.raises(DeskRefusedError, match=r"/orders/.*/release: 404 "):
            await hub.release(uuid4(), HoldType.OTHER, "nobody has ordered this")


async def test_a_hub_that_was_killed_is_missed(tmp_path: Path) -> None:
    async with _hub(tmp_path) as hub:
        hub.process.must_run()
        await hub.process.kill()
        with pytest.raises(HubEndedError, match="the hub ended with status -9; its log is "):
            hub.process.must_run()
        with pytest.raises(HubEndedError, match="the hub ended with status -9"):
            await hub.cancel(uuid4(), "nobody is there to do it")


@asynccontextmanager
async def _hub(data: Path) -> AsyncGenerator[HubBeside]:
    stage = await Stage.build(DemoOptions(), data, (), await HubProcess.start(data))
    try:
        yield stage.hub
    finally:
        await stage.strike()
