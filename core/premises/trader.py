"""What every simulated trading partner does alike: it serves its place, reads what comes, and says things in sets.

What it reads and says them with is handed in: nothing here knows a standard.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.premises.place import Premises, PremisesOptions
from core.premises.shift import Shift
from core.premises.trays import InTray, OutTray
from core.simulator import Workshop


class Arrival(Protocol):
    """What one file brought; `mappings.syntax.edi.counterpart_shapes.Arrived` is one."""

    sets: list[Any]
    refused: list[Any]
    problems: list[str]
    repeated: list[str]
    reply: bytes


class Side(Protocol):
    """One side of an exchange; `mappings.syntax.edi.counterpart.Counterpart` is one."""

    def send(self, bodies: Sequence[Any], now: datetime) -> bytes:
        """Return an interchange."""
        ...

    def receive(self, raw: bytes, now: datetime) -> Arrival:
        """Take a file."""
        ...


class TraderOptions(PremisesOptions):
    """What `Workshop.options` may say of how a trading partner works; a simulator's own options are a subclass."""

    resend_s: float = 60
    interval_s: float = 1
    report_every_s: float | None = None
    poll_interval_s: float = 5


@dataclass(frozen=True, slots=True)
class Duties:
    """What a partner does of its own."""

    take: Callable[[Any], None]
    """Act on one set that came."""
    work: Callable[[datetime], None]
    """Do what is due."""
    report: Callable[[], None]
    """Count, and send the figures."""


@dataclass(frozen=True, slots=True)
class _Due:
    at: datetime
    work: Callable[[], None]


class Trader:
    """The partner's clerk. `step` does all that is due now, and is called by itself every `interval_s`.

    Its faults, by the key of what is said: `late`, `damaged` (a wrong count, broken XML; comes again whole),
    `truncated`, `duplicate` (the same bytes), `said_again` (under new numbers), `half_written`; by file:
    `no_acknowledgement`.
    """

    def __init__(self, workshop: Workshop, options: TraderOptions, side: Side, duties: Duties) -> None:
        self.root = workshop.folder / "files"
        self._workshop, self._options, self._side, self._duties = workshop, options, side, duties
        self._clock, self._ledger, self._faults = workshop.clock, workshop.ledger, workshop.faults
        self._inbox, self._outbox = InTray(self.root / "out"), OutTray(self.root / "in", workshop.faults)
        self._due: list[_Due] = []
        self._files = 0
        self._premises = Premises(workshop, options, self.root)
        self._shift = Shift(
            workshop.clock, self.step, duties.report,
            interval_s=options.interval_s, report_every_s=options.report_every_s,
        )  # fmt: skip

    async def start(self) -> dict[str, Any]:
        """Open the doors, begin to work, and return what the connector's settings say of the place."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._inbox.prepare()
        self._outbox.prepare()
        for name in ("errors", "archive"):
            (self.root / name).mkdir(exist_ok=True)
        transport = await self._premises.open()
        self._shift.begin(self._workshop.name)
        half_written = "half_written" in {*self._faults.share, *self._faults.plan}
        return {
            "transport": transport,
            "folders": {"processed": ["out/processed", "out/rejected"]},
            "arrival": {"complete": "stable" if half_written else "renamed"},
            "poll_interval_s": self._options.poll_interval_s,
        }

    async def stop(self) -> None:
        """Close the doors and rest; everything stays as it is."""
        await self._shift.end()
        await self._premises.close()

    def step(self) -> None:
        """Read what came, do what is due, and finish what was half written."""
        for file in self._inbox.files():
            arrived = self._side.receive(file.read_bytes(), self._clock.now())
            self._arrived(file.name, arrived)
            self._inbox.done(file, could_read=not arrived.problems)
        now = self._clock.now()
        self._outbox.finish()
        while due := [one for one in self._due if one.at <= now]:
            self._due = [one for one in self._due if one.at > now]
            for one in sorted(due, key=lambda one: one.at):
                one.work()
        self._duties.work(now)

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something later."""
        self._due.append(_Due(self._clock.now() + timedelta(seconds=seconds), work))

    def say(self, key: str, body: Any) -> None:
        """Send a set in an interchange of its own, as the faults of `key` say."""
        if self._faults.strikes("late", key):
            self.after(self._options.resend_s, lambda: self.say(key, body))
            return
        raw = self._side.send([body], self._clock.now())
        if self._faults.strikes("damaged", key):
            # The other side refuses it, by its 997 or CONTRL if there is one, and gets it again, whole.
            self._write(_damaged(raw), key)
            self.after(self._options.resend_s, lambda: self.say(key, body))
            return
        if self._faults.strikes("truncated", key):
            self._write(raw[: len(raw) * 2 // 3], key)
            self.after(self._options.resend_s, lambda: self._write(raw, key))
            return
        self._write(raw, key)
        if self._faults.strikes("duplicate", key):
            self._write(raw, key)
        if self._faults.strikes("said_again", key):
            self._write(self._side.send([body], self._clock.now()), key)

    def _arrived(self, name: str, arrived: Arrival) -> None:
        for problem in arrived.problems:
            self._ledger.write("interchange_refused", name, reason=problem)
        for control in arrived.repeated:
            self._ledger.write("interchange_repeated", control, file=name)
        for refused in arrived.refused:
            self._ledger.write(
                "set_refused", refused.control, type=refused.kind, reasons=list(refused.reasons)
            )
        for taken in arrived.sets:
            try:
                self._duties.take(taken)
            except (ValueError, ArithmeticError) as error:
                self._ledger.write("not_understood", taken.control, type=taken.kind, reason=str(error))
        if arrived.reply and not self._faults.strikes("no_acknowledgement", name):
            self._write(arrived.reply, name)

    def _write(self, raw: bytes, key: str) -> None:
        self._files += 1
        suffix = "x12" if raw.startswith(b"ISA") else "xml" if raw.startswith(b"<") else "edi"
        self._outbox.put(f"{self._clock.now():%Y%m%dT%H%M%S}-{self._files:06d}.{suffix}", raw, key)


def _damaged(raw: bytes) -> bytes:
    """Return an interchange with a wrong count, or XML with an element that nothing ends."""
    if raw.startswith(b"<"):
        return raw.replace(b"</", b"<", 1)
    return raw.replace(b"~SE*", b"~SE*9", 1).replace(b"'UNT+", b"'UNT+9", 1)
