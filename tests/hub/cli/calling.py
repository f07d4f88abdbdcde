"""Commands called in the test's own process, in a folder of their own, beside a store that holds something."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from core.ports import RawDocument
from core.store.migrate import upgrade
from hub.application import Hub
from hub.cli import app
from hub.config import load_config
from hub.config.beginning import begin
from hub.config.building import build
from hub.desk.access import Principal, Role
from hub.desk.master_data import Kind, import_file
from tests.connectors.webstore.building import wire_order

PATIENCE_S, LOOK_S = 20.0, 0.02
ITEMS = b"sku,title,weight_g\nCUP,A cup,310\nPOT,A pot,900\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said, and how it ended."""

    status: int
    out: str
    errors: str

    @property
    def data(self) -> Any:
        """The JSON document that it printed."""
        return json.loads(self.out)


def call(
    folder: Path, *arguments: str, width: int = 100, given: bytes | None = None, **environment: str
) -> Said:
    """Call a command as somebody does who stands in `folder`; `given` is its input."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        variables: Mapping[str, str] = {
            "COLUMNS": str(width), "NO_COLOR": "1", "ORDERHUB_ACTOR": "desk", "TERM": "dumb", **environment,
        }  # fmt: skip
        result = CliRunner().invoke(app, arguments, input=given, env=variables)
    finally:
        os.chdir(before)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


def prepaid(reference: str, **changes: Any) -> dict[str, Any]:
    """Return an order that was paid at the till, so that no gateway is asked."""
    paid = [{"gateway": "till", "type": "prepaid", "amount": "44.80"}]
    return wire_order(reference, **{"payments": paid, **changes})


async def receive(folder: Path, *documents: dict[str, Any]) -> None:
    """Have the hub in `folder` take in documents of its shop, and come to an end with each."""
    config = load_config(folder / "hub.yaml", environ={})
    await upgrade(config.store_url)
    hub = await Hub.open(build(config))
    await hub.start()
    try:
        await import_file(hub.desk, Principal("root", Role.ADMIN), Kind.ITEMS, "items.csv", ITEMS)
        for document in documents:
            body = json.dumps(document).encode()
            await hub.engine.receive("shop", RawDocument("order", body, external_id=document["reference"]))
        for _ in range(int(PATIENCE_S / LOOK_S)):
            if not await _unread(hub):
                break
            await asyncio.sleep(LOOK_S)
        assert not await _unread(hub)
    finally:
        await hub.stop()


async def _unread(hub: Hub) -> bool:
    async with hub.database.reading() as session:
        rows = await session.rows("SELECT COUNT(*) AS n FROM messages WHERE status = 'received'")
    return bool(rows[0]["n"])


def a_hub(folder: Path) -> Path:
    """Make a hub with two orders that wait for goods, and one message that can't be read."""
    begin(folder)
    (folder / "orderhub-data").mkdir(exist_ok=True)
    broken = prepaid("W-3")
    broken["currency"] = "EURO"
    asyncio.run(receive(folder, prepaid("W-1"), prepaid("W-2"), broken))
    return folder
