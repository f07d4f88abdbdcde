"""One journey: partners, hub processes, a store to look into, trouble, and the verdict."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.store.sql import Database
from hub.application import open_database
from hub.demo.plan import PlannedOrder, write_expected
from hub.demo.scenarios import Outcome
from tests.journeys import books, worker
from tests.journeys.hubfile import HubFile, Shelf
from tests.journeys.partners import Partners
from tests.journeys.processes import HubProcess, Program, free_port
from tests.journeys.second_thoughts import POLICY, SecondThoughts, let_in, wish
from tests.journeys.shopping import Customers, orders

SEED_VARIABLE = "ORDERHUB_TEST_SEED"
STALLED_S = 100.0
"""How long no ledger may have any news before the journey is judged as it stands."""
AT_REST_S = 12.0
"""The same, where the hub says that it has nothing left to do."""


def seed_of_this_run() -> int:
    """Return the seed in the environment, or one of the moment; it is printed, so that a run can be had again."""
    seed = int(os.environ.get(SEED_VARIABLE) or time.time_ns() % 1_000_000)
    print(f"{SEED_VARIABLE}={seed}")  # noqa: T201 - the account of this run
    return seed


@dataclass(slots=True)
class Journey:
    """Everything that is on its way."""

    folder: Path
    seed: int
    plan: tuple[PlannedOrder, ...]
    partners: Partners
    customers: Customers
    thoughts: SecondThoughts
    database: Database
    url: str
    processes: Mapping[str, HubProcess]
    chance: random.Random
    caught: list[Counter[str]] = field(default_factory=list[Counter[str]])
    """What was in flight at each kill."""
    began: float = field(default_factory=time.monotonic)

    async def kill_in_flight(self, name: str, patience_s: float = 20.0) -> None:
        """Kill a process at a moment at which it has something in flight.

        Not while it tries an item alone that was under way at the last two kills already: nobody could tell that
        item from one that ends its worker, and the hub would park it.
        """
        process = self.processes[name]
        limit = time.monotonic() + patience_s
        while True:
            process.freeze()
            found = await books.in_flight(self.database)
            if found and not await books.suspects(self.database):
                await process.kill()
                self.caught.append(found)
                return
            process.thaw()
            assert time.monotonic() < limit, f"nothing was in flight for {patience_s} s"
            await asyncio.sleep(self.chance.uniform(0.01, 0.1))

    async def rest(self) -> list[str]:
        """Wait until every ledger is as expected and the hub has nothing left to do; return what is wrong."""
        entries, moved_at = -1, time.monotonic()
        while True:
            await asyncio.sleep(1)
            now = sum(len(ledger.entries) for ledger in self.partners.ledgers.values())
            if now != entries:
                entries, moved_at = now, time.monotonic()
            wrong = await asyncio.to_thread(books.wrong_ledgers, self.folder)
            left = await books.restless(self.database)
            if not wrong and not left:
                return []
            if time.monotonic() - moved_at > (STALLED_S if left else AT_REST_S):
                return wrong

    async def verdict(self) -> list[str]:
        """Come to rest, end the processes, and return everything that is wrong."""
        wrong = await self.rest()
        for name, process in self.processes.items():
            status = await process.end()
            if status:
                wrong.append(f"{name} ended with status {status}: {process.log()[-2000:]}")
        wrong += self.thoughts.trouble()
        wrong += books.contradictions(self.partners)
        wrong += await books.wrong_books(self.database, self.plan)
        return wrong

    @property
    def mails_repeated(self) -> int:
        """How many mails were only repetitions of others."""
        return books.mail_copies(self.partners.ledgers["mailer"])

    @property
    def mails_unanswered(self) -> int:
        """How many mails the server took without being able to say so."""
        return self.partners.faults["mailer"].happened["timeout_after"]

    def report(self) -> str:
        """Say what happened on the way."""
        total: Counter[str] = sum(self.caught, Counter[str]())
        faults: Counter[str] = sum((dice.happened for dice in self.partners.faults.values()), Counter[str]())
        kills = {name: process.kills for name, process in self.processes.items() if process.kills}
        return (
            f"{len(self.plan)} orders in {time.monotonic() - self.began:.0f} s; kills: {kills}, with in flight: "
            f"{dict(total)}; faults: {dict(sorted(faults.items()))}; "
            f"mails repeated: {self.mails_repeated}; second thoughts: {dict(sorted(self.thoughts.acted.items()))}"
        )


@asynccontextmanager
async def journey(
    folder: Path,
    count: int,
    seed: int,
    files: Mapping[str, Mapping[str, object]],
    *,
    program: Program = worker.main,
    outcomes: Sequence[Outcome] = (),
) -> AsyncGenerator[Journey]:
    """Set out: partners open, store prepared, processes started. `files` are what differs between the processes."""
    plan = orders(count, seed, outcomes)
    write_expected(plan, folder / "expected.jsonl")
    wishes = {order.reference: wanted for order in plan if (wanted := wish(order)) is not None}
    partners = await Partners.open(folder, seed, wishes)
    port = free_port()
    described = {
        name: HubFile.model_validate(
            {"key_file": folder / "master.key", "settings": partners.settings, "policy": POLICY, **special}
            | ({"port": port} if special.get("port") else {})
        )
        for name, special in files.items()
    }
    processes = {name: HubProcess(name, file, folder, program) for name, file in described.items()}
    any_file = next(iter(described.values()))
    await Shelf(plan).prepare(any_file)
    database = await open_database(any_file.blueprint())
    await let_in(database)
    url = f"http://127.0.0.1:{port}"
    customers = Customers(partners, plan, seed)
    thoughts = SecondThoughts(partners, database, url, plan)
    try:
        await asyncio.gather(*(process.start() for process in processes.values()))
        partners.connect(url)
        await _stocked(partners, database)
        beside = [asyncio.create_task(customers.bring_stock()), asyncio.create_task(thoughts.have())]
        try:
            yield Journey(
                folder,
                seed,
                plan,
                partners,
                customers,
                thoughts,
                database,
                url,
                processes,
                random.Random(seed),
            )
        finally:
            for task in beside:
                task.cancel()
            customers.leave()
    finally:
        for process in processes.values():
            await process.clear_away()
        await database.close()
        await partners.close()


async def _stocked(partners: Partners, database: Database) -> None:
    """Wait until the nodes' first stock reports are in."""
    partners.berlin.send_stock_report()
    partners.leipzig.send_stock_report()
    partners.acme.send_stock_report()
    async with asyncio.timeout(60):
        while True:
            async with database.reading() as session:
                rows = await session.rows("SELECT COUNT(DISTINCT node) AS n FROM stock WHERE on_hand > 0")
            if rows[0]["n"] == len(Shelf(()).nodes):
                return
            await asyncio.sleep(0.2)


def told(wrong: Sequence[str], journey: Journey) -> str:
    """Return what to say of a journey that went wrong."""
    return "\n".join([journey.report(), f"seed {journey.seed}", *wrong[:40]])
