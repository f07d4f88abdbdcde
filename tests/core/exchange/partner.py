"""A partner whose format has an interchange a line: `control|set,reference,ok;set,reference,bad|answers`."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from core.clock import Clock
from core.errors import DocumentError, Problem
from core.exchange.numbers import Numbers
from core.exchange.shapes import (
    Draft,
    PartnerAnswer,
    Received,
    RefusedSet,
    Ruling,
    SentSet,
    SetAnswer,
    Standing,
    TakenSet,
    Wish,
)
from core.ports import RawDocument
from core.store.sql import Database
from tests.core.engine.stage import Broker, Stage, engine_on

INWARD, OUTWARD = "x12 01:PARTNER>ZZ:HUB", "x12 ZZ:HUB>01:PARTNER"
KIND = "interchange"
NAME = "edi"


def draft(
    *kinds: str, answered_h: float | None = None, reference: str | None = None, wants: str = ""
) -> Draft:
    """An interchange of ours that is written but for its numbers."""
    sets = tuple(SentSet(kind, 0, reference) for kind in kinds)
    wishes = (Wish(wants, reference or "", kinds[0], timedelta(hours=48)),) if wants else ()

    def write(numbers: Numbers) -> bytes:
        return f"{numbers.interchange}|{','.join(kinds)}|{numbers.groups}|{numbers.sets}".encode()

    within = timedelta(hours=answered_h) if answered_h else None
    return Draft(
        OUTWARD, 1, sets, write, lambda n: f"{n.interchange}.edi", "application/edi-x12", within, wishes
    )


@dataclass
class Partner:
    """Reads the partner's files; its agreement is as the test says."""

    ignores_same_bytes: bool = True
    takes_other_bytes: bool = False
    window: timedelta = timedelta(days=90)
    wants: Mapping[str, str] = field(default_factory=dict[str, str])
    """After a set of this type, that one is wanted."""
    pair: tuple[str, str] = (INWARD, OUTWARD)

    def __call__(self, raw: RawDocument) -> tuple[Received, ...]:
        lines = [line for line in raw.body.decode().splitlines() if line]
        if not lines or not all(line.count("|") == 2 for line in lines):
            raise DocumentError((Problem("is no interchange"),))
        return tuple(self._received(line) for line in lines)

    def _received(self, line: str) -> Received:
        control, sets, answers = line.split("|")
        parts = [part.split(",") for part in sets.split(";") if part]

        def rule(duplicate: bool) -> Ruling:
            return self._ruling(control, parts, answers, duplicate=duplicate)

        digest = hashlib.sha256(line.encode()).hexdigest()
        return Received(
            control, *self.pair, digest, "application/edi-x12", self.window, self.takes_other_bytes,
            self.ignores_same_bytes, timedelta(hours=2), rule,
        )  # fmt: skip

    def _ruling(self, control: str, parts: list[list[str]], answers: str, *, duplicate: bool) -> Ruling:
        answer = replace(draft("997"), pair=self.pair[1])
        if duplicate:
            return Ruling(Standing.REJECTED, f"{control} is a duplicate", acknowledgement=answer)
        taken = tuple(
            TakenSet(kind, "1", str(n), f"{kind}:{reference}".encode(), references=(reference,))
            for n, (kind, reference, state) in enumerate(parts)
            if state == "ok"
        )
        refused = tuple(
            RefusedSet(kind, "1", str(n), "BEG03 is missing", (Problem("is missing", field="BEG03"),))
            for n, (kind, _, state) in enumerate(parts)
            if state == "bad"
        )
        standing = Standing.PARTLY if refused else Standing.ACCEPTED
        wishes = tuple(
            Wish(self.wants[one.kind], r, one.kind, timedelta(hours=24))
            for one in taken if one.kind in self.wants for r in one.references
        )  # fmt: skip
        said = tuple(_answer(part) for part in answers.split(";") if part)
        acknowledgement = answer if parts else None
        return Ruling(standing, None, (), taken, refused, said, acknowledgement, wishes)


def _answer(text: str) -> PartnerAnswer:
    """`997,group,accepted,3=rejected` or `TA1,control,rejected` or `APERAK,document,rejected`."""
    kind, number, standing, *named = text.split(",")
    sets = tuple(SetAnswer(n, Standing(s), "5") for n, s in (one.split("=") for one in named))
    if kind == "APERAK":
        return PartnerAnswer(kind, None, None, Standing(standing), (), ("18 No such item",), number)
    is_whole = kind in {"TA1", "CONTRL"}
    return PartnerAnswer(
        kind,
        number if is_whole else None,
        None if is_whole else number,
        Standing(standing) if standing else None,
        sets,
    )


def taking(
    database: Database,
    partner: Partner | None = None,
    *,
    clock: Clock | None = None,
    bus: Broker | None = None,
) -> AbstractAsyncContextManager[Stage]:
    """An engine that takes the partner's interchanges, and notes what their sets say."""
    held = partner or Partner()
    return engine_on(
        database, clock=clock, bus=bus, readers={(NAME, kind): reads_nothing for kind in ("850", "810", "856")},
        takers={(NAME, KIND): held},
    )  # fmt: skip


def reads_nothing(raw: RawDocument) -> tuple[Any, ...]:
    return ()


async def hand_in(stage: Stage, text: str, name: str | None = None) -> None:
    """Hand a file in, and wait until the engine has done with it."""
    receipt = await stage.engine.receive(NAME, RawDocument(KIND, text.encode(), "application/edi-x12", name))
    sql = "SELECT id FROM messages WHERE id = $1 AND status <> 'received'"
    await stage.until_rows(1, sql, receipt.message_id)
