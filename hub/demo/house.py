"""The demo's hub, in a process of its own: `python -m hub.demo.house DATA`, which the demo starts.

It gets its store and its mappings ready while the partners are still being set up; then reads one line of JSON, a
`House`; answers with one, a `Doorplate`, once it serves; and ends when its input does, so that it never outlives the
demo.
"""

import asyncio
import os
import sys
from pathlib import Path

import uvloop

from canonical.policy import ChannelPolicy, Policy
from canonical.stock import Item, Node
from core.clock import SystemClock
from core.scheduler.scheduler import Beat
from core.security.keys import MasterKey
from core.store import migrate
from core.store.sql import Session, bulk_insert
from hub.application import Hub
from hub.blueprint import SQLITE, Blueprint, Placement
from hub.demo import courier, dropship, fraud, third_party
from hub.demo.accounts import AMAZON_POLICY, SHOPIFY_POLICY
from hub.demo.agreed import STORE, Doorplate, House
from hub.demo.cast import TYPES
from hub.demo.plan import AMAZON, REVIEW_ABOVE, SHOPIFY
from hub.desk.access import Principal, Role
from hub.desk.tokens import create_token
from hub.mappings import MappingLibrary, sources
from hub.quiet import logs_to
from hub.serving import ApiServer
from routes.catalogue import RULES
from routes.workflow import WORKFLOW_FILE, parse_workflow

SUPPORT = "support@demo"
_OWNER = Principal(name="demo", role=Role.ADMIN)
_ITEMS = bulk_insert("items", "sku text, doc text, updated_at timestamptz", tail="ON CONFLICT DO NOTHING")
_NODES = bulk_insert("nodes", "id text, doc text, updated_at timestamptz", tail="ON CONFLICT DO NOTHING")


async def keep(house: House, data: Path, mappings: MappingLibrary) -> None:
    """Be the hub until the input ends. `data` holds the store, with all its tables."""
    hub = await _open(_blueprint(house, data, mappings), house.skus)
    await hub.start()
    api = await ApiServer.start(hub, port=house.port, open_console=True)
    try:
        made = await create_token(hub.desk, _OWNER, SUPPORT, Role.ENGINEER, expires_in_days=1)
        print(Doorplate(url=api.url, token=made.secret).model_dump_json(), flush=True)  # noqa: T201 - the answer
        await _input_ended()
    finally:
        await api.stop()
        await hub.stop(grace_s=5)


async def _open(blueprint: Blueprint, skus: tuple[str, ...]) -> Hub:
    hub = await Hub.open(blueprint)
    async with hub.database.transaction() as session:
        await _master_data(session, skus)
    await hub.reload_master_data()
    return hub


def _store_url(data: Path) -> str:
    return f"{SQLITE}{data / STORE}"


def _blueprint(house: House, data: Path, mappings: MappingLibrary) -> Blueprint:
    reviewed = ChannelPolicy(hold_for_review_above=REVIEW_ABOVE)
    return Blueprint(
        store_url=_store_url(data),
        bus_url="embedded://",
        master_key=MasterKey.from_file(data / "master.key", create=True),
        connectors={
            name: Placement(kind, kind.settings.model_validate(house.settings[name]), kind.limits)
            for name, kind in TYPES.items()
        },
        rulebook=parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES, WORKFLOW_FILE.name),
        mappings=mappings,
        policy=Policy(
            channels={"webstore": reviewed, "till": reviewed, SHOPIFY: SHOPIFY_POLICY, AMAZON: AMAZON_POLICY},
            fraud=fraud.POLICY,
            courier=courier.POLICY,
        ),
        clock=SystemClock(house.speed, house.since),
        beat=Beat(sweep_s=5, timers_s=5, waiting_s=10),
    )


async def _master_data(session: Session, skus: tuple[str, ...]) -> None:
    items = [Item(sku=sku, title=sku.replace("-", " ").title(), weight_g=400) for sku in skus]
    nodes = (
        Node(id="berlin", name="Berlin (SFTP)", connector="berlin", country="DE", priority=10),
        Node(id="leipzig", name="Leipzig (watched folder)", connector="leipzig", country="DE", priority=20),
        dropship.NODE,
        third_party.NODE,
    )
    await session.write(_ITEMS, [(item.sku, item.model_dump_json(), session.now) for item in items])
    await session.write(_NODES, [(node.id, node.model_dump_json(), session.now) for node in nodes])


async def _input_ended() -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            ended.set()

    loop.add_reader(sys.stdin.fileno(), read)
    await ended.wait()


def main() -> None:
    """Get ready, read what there is to know, and be the hub."""
    data = Path(sys.argv[1])
    with logs_to(data / "hub.log"):
        uvloop.run(migrate.upgrade(_store_url(data)))
        mappings = MappingLibrary.load(sources(TYPES.values()))
        told = sys.stdin.buffer.readline()
        if told:
            uvloop.run(keep(House.model_validate_json(told), data, mappings))


if __name__ == "__main__":
    main()
