"""The inbound desk: what is announced to nodes, and what has come of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from canonical.documents import InboundReceiptDocument, ReceivedLine
from canonical.inbound import InboundStatus
from core.bus.port import inbound as arriving
from core.connector import OpenConnector
from core.engine.work import Ending, Facts
from core.errors import RejectedError
from hub.desk import inbound, replay, stock
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from hub.desk.inbound import InboundFilter
from hub.desk.inbound_files import read_inbound
from tests.hub.stage import ENGINEER, PARTNERS, SUPPORT, VIEWER, Stage

FILE = b"""number,sku,quantity,expected_at,ship_from,carrier
ASN-7,MUG-1,20,2026-12-01T08:00:00Z,A pottery,UPSN
ASN-7,CUP-2,5,,,
ASN-8,MUG-1,3,,,
"""
JSON = b"""[
  {"number": "ASN-7", "sku": "CUP-2", "quantity": 5, "carrier": "UPSN"},
  {"number": "ASN-7", "sku": "MUG-1", "quantity": 20,
   "expected_at": "2026-12-01T09:00:00+01:00", "ship_from": "A pottery"}
]"""
HEAD = b"number,sku,quantity,expected_at,ship_from,carrier\n"


def receipt(number: str, *lines: ReceivedLine, inbound_number: str = "ASN-7") -> InboundReceiptDocument:
    return InboundReceiptDocument(
        node="hall", inbound=inbound_number, number=number, happened_at=datetime.now(UTC) + timedelta(hours=1),
        lines=lines,
    )  # fmt: skip


async def hear(hub: Stage, document: InboundReceiptDocument) -> Ending:
    engine = hub.ctx.engine
    outcome = await engine.submit(engine.work(arriving("wms"), Facts((document,))))
    return outcome.ending


async def told(hub: Stage, keys: Sequence[str]) -> None:
    async def so() -> bool:
        return [key for key in sorted(PARTNERS["wms"].took) if key.startswith("announce:")] == list(keys)

    await hub.until(so)


async def test_a_file_is_announced_to_its_node_once(either: Stage) -> None:
    first = await inbound.announce_file(either.ctx, ENGINEER, "hall", "asn.csv", FILE)
    assert (first.announced, first.same) == (("ASN-7", "ASN-8"), ())
    again = await inbound.announce_file(either.ctx, ENGINEER, "hall", "asn.json", JSON)
    assert (again.announced, again.same) == ((), ("ASN-7",))
    await told(either, ["announce:hall:ASN-7", "announce:hall:ASN-8"])
    log = await either.rows("SELECT target, actor, detail FROM audit_log WHERE action = 'inbound.announce'")
    assert sorted((row["target"], row["actor"], row["detail"]) for row in log) == [
        ("ASN-7@hall", "mapper", "asn.csv"),
        ("ASN-8@hall", "mapper", "asn.csv"),
    ]


async def test_it_is_shown_line_by_line_with_what_came(either: Stage) -> None:
    await inbound.announce_file(either.ctx, ENGINEER, "hall", "asn.csv", FILE)
    await told(either, ["announce:hall:ASN-7", "announce:hall:ASN-8"])
    damaged = ReceivedLine(sku="MUG-1", quantity=12, damaged=2)
    assert await hear(either, receipt("RC-1", damaged)) is Ending.DONE
    shown = await inbound.show_inbound(either.ctx, VIEWER, "hall", "ASN-7")
    assert (shown.status, shown.told, shown.carrier, shown.ship_from) == (
        "partly_received",
        "confirmed",
        "UPSN",
        "A pottery",
    )
    assert shown.expected_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert [(line.sku, line.expected, line.received, line.damaged) for line in shown.lines] == [
        ("CUP-2", 5, 0, 0),
        ("MUG-1", 20, 10, 2),
    ]
    assert [one.number for one in shown.receipts] == ["RC-1"]
    levels = (await stock.show_stock(either.ctx, VIEWER, "MUG-1")).levels
    assert {level.node: level.on_hand for level in levels}["hall"] == 110


async def test_they_are_listed_by_node_and_status_the_newest_first(hub: Stage) -> None:
    await inbound.announce_file(hub.ctx, ENGINEER, "hall", "asn.csv", FILE)
    await hear(hub, receipt("RC-1", ReceivedLine(sku="MUG-1", quantity=3), inbound_number="ASN-8"))
    found = await inbound.list_inbound(hub.ctx, VIEWER)
    assert [(one.number, one.expected, one.received) for one in found.items] == [
        ("ASN-8", 3, 3),
        ("ASN-7", 25, 0),
    ]
    open_ones = InboundFilter(node="hall", status=InboundStatus.ANNOUNCED)
    assert [one.number for one in (await inbound.list_inbound(hub.ctx, VIEWER, open_ones)).items] == ["ASN-7"]
    nowhere = await inbound.list_inbound(hub.ctx, VIEWER, InboundFilter(node="barn"))
    assert nowhere.items == ()
    first = await inbound.list_inbound(hub.ctx, VIEWER, limit=1)
    rest = await inbound.list_inbound(hub.ctx, VIEWER, limit=1, cursor=first.next)
    assert ([one.number for one in rest.items], rest.next) == (["ASN-7"], None)


@pytest.mark.parametrize(
    ("name", "content", "problems"),
    [
        ("a.csv", HEAD + b"ASN-7,MUG-1,0,,,\n", [(2, "quantity", "0")]),
        ("a.csv", HEAD + b"A,MUG-1,some,,,\n\nA,CUP-2,-1,,,\n", [(2, "quantity", "some"), (4, "quantity", "-1")]),
        ("a.csv", HEAD + b"ASN-7,UFO,1,,,\n", [(2, "sku", "UFO")]),
        ("a.csv", HEAD + b"ABC-R1,MUG-1,1,,,\n", [(2, "number", "ABC-R1")]),
        ("a.csv", HEAD + b"12345678901234567890123,MUG-1,1,,,\n", [(2, "number", "12345678901234567890123")]),
        ("a.csv", HEAD + b"ASN-7,MUG-1,1,,,\nASN-7,MUG-1,2,,,\n", [(3, "sku", "MUG-1")]),
        ("a.csv", HEAD + b"ASN-7,MUG-1,1,,A,\nASN-7,CUP-2,2,,B,\n", [(3, "ship_from", "B")]),
        ("a.csv", HEAD + b"ASN-7,MUG-1,1,2026-12-01,,\n", [(2, "expected_at", "2026-12-01")]),
        ("a.csv", HEAD + b"ASN-7,MUG-1,1,,,ups\n", [(2, "carrier", "ups")]),
        ("a.csv", b"number,sku\nASN-7,MUG-1\n", [(2, "quantity", None)]),
        ("a.csv", b"number,sku,quantity,colour\nASN-7,MUG-1,1,red\n", [(2, "colour", "red")]),
        ("a.csv", HEAD, [(1, None, None)]),
        ("a.json", b'[{"number": "ASN-7", "sku": "MUG-1", "quantity": 1.5}]', [(1, "quantity", "1.5")]),
        ("a.json", b"{}", [(1, None, None)]),
        ("a.txt", FILE, [(None, "file", "a.txt")]),
    ],
)  # fmt: skip
async def test_a_file_that_is_wrong_is_refused_whole_with_line_and_field(
    hub: Stage, name: str, content: bytes, problems: list[tuple[int | None, str | None, str | None]]
) -> None:
    with pytest.raises(InvalidError) as refused:
        await inbound.announce_file(hub.ctx, ENGINEER, "hall", name, content)
    found = [(problem.line, problem.field, problem.value) for problem in refused.value.problems]
    assert found == problems
    assert (await inbound.list_inbound(hub.ctx, VIEWER)).items == ()


async def test_other_goods_under_a_number_that_is_taken_are_refused(either: Stage) -> None:
    await inbound.announce_file(either.ctx, ENGINEER, "hall", "asn.csv", FILE)
    other = HEAD + b"ASN-9,MUG-1,1,,,\nASN-8,MUG-1,4,,,\n"
    with pytest.raises(RefusedError, match=r"ASN-8 was announced to hall on .* inbound show hall ASN-8"):
        await inbound.announce_file(either.ctx, ENGINEER, "hall", "asn.csv", other)
    assert len((await inbound.list_inbound(either.ctx, VIEWER)).items) == 2


async def test_a_node_that_nobody_knows_or_that_can_not_be_told_is_refused(hub: Stage) -> None:
    with pytest.raises(InvalidError, match="is no node; there are:"):
        await inbound.announce_file(hub.ctx, ENGINEER, "nowhere", "asn.csv", FILE)
    silent = replace(hub.ctx, connectors={"wms": OpenConnector(name="wms")})
    with pytest.raises(RefusedError, match=r"its connector wms .* has no words for it"):
        await inbound.announce_file(silent, ENGINEER, "hall", "asn.csv", FILE)


async def test_what_the_node_refuses_is_left_to_a_person(hub: Stage) -> None:
    PARTNERS["wms"].troubles.append(RejectedError("no such depositor", code="depositor"))
    await inbound.announce_file(hub.ctx, ENGINEER, "hall", "asn.csv", HEAD + b"ASN-7,MUG-1,1,,,\n")
    failures = "SELECT id FROM failures WHERE status = 'open' AND stage = 'send'"
    (failure,) = await hub.until(lambda: hub.rows(failures))
    shown = await inbound.show_inbound(hub.ctx, VIEWER, "hall", "ASN-7")
    assert (shown.told, shown.reason) == ("parked", "no such depositor")
    await replay.replay_failure(hub.ctx, SUPPORT, failure["id"])
    await told(hub, ["announce:hall:ASN-7"])
    await hub.failure_is(failure["id"], "resolved")


async def test_what_was_never_announced_has_no_page(hub: Stage) -> None:
    for number in ("ASN-7", "\x00"):
        with pytest.raises(NotFoundError, match="inbound list"):
            await inbound.show_inbound(hub.ctx, VIEWER, "hall", number)


async def test_support_announces_nothing(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await inbound.announce_file(hub.ctx, SUPPORT, "hall", "asn.csv", FILE)


def test_what_is_about_all_of_a_number_may_be_said_in_any_of_its_rows() -> None:
    content = HEAD + b"ASN-7,MUG-1,1,,,\nASN-7,CUP-2,2,,A pottery,UPSN\n"
    (wanted,) = read_inbound("asn.csv", content)
    instruction = wanted.instruction("hall", datetime(2026, 11, 20, tzinfo=UTC), {"MUG-1": "A mug"})
    assert (instruction.ship_from, instruction.carrier, instruction.units()) == ("A pottery", "UPSN", 3)
    assert [line.title for line in instruction.lines] == ["A mug", ""]
