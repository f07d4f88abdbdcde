"""How the warehouse's papers leave: as files, mostly as agreed. The faults of this side happen here."""

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from connectors.warehouse.simulator.papers import KINDS, Answer, Dispatch, Paper, write
from core.premises.trays import OutTray
from core.simulator import Faults

BROKEN = ("truncated", "wrong_encoding", "nul", "unknown_code", "unknown_sku")
"""Faults that spoil a paper; the right one is sent `resend_s` later."""


@dataclass(frozen=True, slots=True)
class Held:
    """A paper that leaves later."""

    paper: Paper
    reference: str
    due_at: datetime
    spoilable: bool = True


class Outgoing:
    """Gathers papers, and writes them into files: those of one kind and one moment into one file."""

    def __init__(self, root: Path, faults: Faults, resend_s: float) -> None:
        self._tray, self._faults, self._resend_s = OutTray(root, faults), faults, resend_s
        self._held: list[Held] = []
        self._count = 0

    def prepare(self) -> None:
        """Make the folders."""
        self._tray.prepare(*KINDS.values(), "stock")

    def give(self, paper: Paper, reference: str, due_at: datetime) -> None:
        """Have a paper leave, not before its time. `reference` is what the faults know it by."""
        if (
            isinstance(paper, Answer)
            and paper.outcome == "ACC"
            and self._faults.strikes("dispatch_first", reference)
        ):
            due_at += timedelta(seconds=self._resend_s)
        self._held.append(Held(paper, reference, due_at))

    def flush(self, now: datetime) -> None:
        """Write what is due."""
        self._tray.finish()
        due = [held for held in self._held if held.due_at <= now]
        self._held = [held for held in self._held if held.due_at > now]
        for kind in KINDS.values():
            self._write_kind(kind, [held for held in due if KINDS[type(held.paper)] == kind], now)

    def put(self, kind: str, body: bytes, now: datetime, suffix: str = ".xml", reference: str = "") -> str:
        """Write a file under a temporary name, give it its own, and return that."""
        self._count += 1
        name = f"{kind}-{now:%Y%m%dT%H%M%S}-{self._count:06d}{suffix}"
        self._tray.put(f"{kind}/{name}", body, reference)
        return name

    def _write_kind(self, kind: str, due: Sequence[Held], now: datetime) -> None:
        good: list[Held] = []
        for held in due:
            if isinstance(held.paper, Answer) and held.paper.outcome == "ERR":
                self.put(kind, write([held.paper]), now)  # by itself, so that it stops no other answer
                continue
            fault = self._fault(held)
            if fault is None:
                good.append(held)
                continue
            self.put(kind, _spoiled(fault, held.paper), now, reference=held.reference)
            self._held.append(replace(held, due_at=now + timedelta(seconds=self._resend_s), spoilable=False))
        if not good:
            return
        body = write([held.paper for held in good])
        self.put(kind, body, now, reference=good[0].reference)
        struck = [held for held in good if self._faults.strikes("duplicate", held.reference)]
        if struck:
            self.put(kind, body, now)

    def _fault(self, held: Held) -> str | None:
        if not held.spoilable:
            return None
        return next(
            (
                fault
                for fault in BROKEN
                if self._fits(fault, held) and self._faults.strikes(fault, held.reference)
            ),
            None,
        )

    @staticmethod
    def _fits(fault: str, held: Held) -> bool:
        wanted = {"unknown_code": Answer, "unknown_sku": Dispatch}.get(fault)
        return wanted is None or isinstance(held.paper, wanted)


def _spoiled(fault: str, paper: Paper) -> bytes:
    body = write([paper])
    ways: dict[str, Callable[[], bytes]] = {
        "truncated": lambda: body[: len(body) * 2 // 3],
        "wrong_encoding": lambda: codecs.BOM_UTF16_LE + body,
        "nul": lambda: body.replace(b"ReleaseId>", b"ReleaseId>\0", 1),
        "unknown_code": lambda: body.replace(b"<Outcome>", b"<Outcome>X", 1),
        "unknown_sku": lambda: body.replace(b"<Sku>", b"<Sku>NO-SUCH-", 1),
    }
    return ways[fault]()
