"""The simulated warehouse is an honest one: it reads strictly, keeps its books, and writes what its schema says."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from connectors.warehouse.simulator import Plan, Warehouse
from connectors.warehouse.simulator.papers import SCHEMA
from core.clock import ManualClock, SystemClock
from core.simulator import Faults, Ledger, Workshop
from tests.contracts.building import NOON

NAMESPACE = "urn:warehouse-exchange:1"


class House:
    """A warehouse whose folders are looked into by hand; its doors stay shut."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.clock = ManualClock(NOON)
        self.ledger, self.faults = Ledger(self.clock), Faults()
        more = {"transport": "folder", "stock": {"CUP": 10}, **options}
        self.warehouse = Warehouse(
            Workshop("berlin", self.clock, self.ledger, self.faults, folder, options=more)
        )
        self.root = self.warehouse.root
        for name in ("out/processed", "out/rejected", "in/answer", "in/dispatch", "in/return", "in/stock"):
            (self.root / name).mkdir(parents=True)

    def ask(self, body: bytes, name: str) -> None:
        """Put a file into the warehouse's inbox, and let it read."""
        (self.root / "out" / name).write_bytes(body)
        self.warehouse.step()

    def work(self, seconds: float) -> None:
        """Let it work for some time, a second at a time."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.warehouse.step()

    def sent(self, kind: str) -> Iterator[etree._Element]:
        """Yield the papers of one kind, as its files hold them."""
        for path in sorted((self.root / "in" / kind).iterdir()):
            root = etree.fromstring(path.read_bytes())
            SCHEMA.assertValid(root)
            yield from root

    def outcomes(self) -> list[tuple[str | None, str | None]]:
        """Return each answer with its reason's code."""
        reasons = [(paper.findtext("{*}Outcome"), paper.find("{*}Reason")) for paper in self.sent("answer")]
        return [(outcome, reason.get("code") if reason is not None else None) for outcome, reason in reasons]

    def kinds(self) -> list[str]:
        """Return what the ledger says happened."""
        return [entry["kind"] for entry in self.ledger.entries]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def release(
    release_id: str = "R-1",
    lines: Mapping[str, int] | None = None,
    site: str = "berlin",
    at: str = "12:00:00",
    labels: Sequence[str] = (),
) -> bytes:
    rows = "".join(
        f"<Line><Number>{n}</Number><Sku>{sku}</Sku><Quantity>{quantity}</Quantity></Line>"
        for n, (sku, quantity) in enumerate((lines or {"CUP": 2}).items(), 1)
    )
    parcels = "".join(
        f"<Parcel><ParcelId>{release_id}-p{n}</ParcelId><Carrier>DPD</Carrier><Service>Classic</Service>"
        f"<TrackingNumber>{number}</TrackingNumber></Parcel>"
        for n, number in enumerate(labels, 1)
    )
    with_labels = f"<Parcels>{parcels}</Parcels>" if parcels else ""
    return (
        f'<ReleaseOrder xmlns="{NAMESPACE}" version="1"><Header><ReleaseId>{release_id}</ReleaseId>'
        f"<SalesChannel>shop</SalesChannel><CustomerReference>W-1</CustomerReference><Site>{site}</Site>"
        f"<CreatedAt>2026-11-20T{at}Z</CreatedAt><DeliveryService>standard</DeliveryService></Header>"
        f"<ShipTo><Name>A. Customer</Name><Country>DE</Country></ShipTo><Lines>{rows}</Lines>"
        f"{with_labels}</ReleaseOrder>"
    ).encode()


def cancel(release_id: str = "R-1") -> bytes:
    return (
        f'<CancelOrder xmlns="{NAMESPACE}" version="1"><ReleaseId>{release_id}</ReleaseId><Site>berlin</Site>'
        "<CreatedAt>2026-11-20T12:00:00Z</CreatedAt></CancelOrder>"
    ).encode()


def test_a_release_goes_through_the_house(house: House) -> None:
    house.ask(release(), "release-R-1.xml")
    house.work(60)
    assert house.kinds() == ["released", "accepted", "shipped"]
    assert house.ledger.of("released")[0]["reference"] == "W-1"
    (parcel,) = house.ledger.of("shipped")
    assert (parcel["key"], parcel["shipment"], parcel["lines"]) == ("R-1", "R-1-p1", {"CUP": 2})
    assert house.warehouse.shelves.on_hand == {"CUP": 8}
    assert [path.name for path in (house.root / "out" / "processed").iterdir()] == ["release-R-1.xml"]


def test_what_is_sent_under_the_customers_labels_has_their_numbers(house: House) -> None:
    house.ask(release(labels=["T-1", "T-2"]), "release-R-1.xml")
    house.work(90)
    assert [parcel["tracking_number"] for parcel in house.ledger.of("shipped")] == ["T-1", "T-2"]
    papers = [
        (paper.findtext("{*}Carrier"), paper.findtext("{*}TrackingNumber"))
        for paper in house.sent("dispatch")
    ]
    assert papers == [("DPD", "T-1"), ("DPD", "T-2")]


def test_the_same_release_again_changes_nothing(house: House) -> None:
    house.ask(release(), "release-R-1.xml")
    house.ask(release(at="13:00:00"), "release-R-1-again.xml")
    house.work(60)
    house.ask(release(), "release-R-1.xml")
    house.work(60)
    assert house.kinds() == ["released", "repeated", "accepted", "shipped", "repeated"]


def test_another_release_of_that_id_is_an_error_and_the_first_goes_on(house: House) -> None:
    house.ask(release(), "release-R-1.xml")
    house.ask(release(lines={"CUP": 3}), "release-R-1-other.xml")
    house.work(60)
    assert house.kinds() == ["released", "duplicate_release", "accepted", "shipped"]
    assert sorted(house.outcomes(), key=str) == [("ACC", None), ("ERR", "CONFLICT")]
    assert house.ledger.of("shipped")[0]["lines"] == {"CUP": 2}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<", release()[:-5], release().replace(b"Quantity>2", b"Quantity>0"), release().replace(b"DE<", b"de<"),
        release().replace(b"<Sku>CUP</Sku>", b""), release().replace(b' version="1"', b""),
        release().replace(b"</Header>", b"<Extra/></Header>"), release().replace(NAMESPACE.encode(), b"urn:other"),
        f'<Answers xmlns="{NAMESPACE}" version="1"/>'.encode(), b"x" * 2_000_000,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + release().replace(b"CUP", b"&x;"),
    ],
)  # fmt: skip
def test_what_is_not_as_its_schema_says_is_rejected_with_an_answer(house: House, body: bytes) -> None:
    house.ask(body, "release-R-9.xml")
    assert house.kinds() == ["malformed"]
    assert house.outcomes() == [("REJ", "FORMAT")]
    assert next(house.sent("answer")).findtext("{*}ReleaseId") == "R-9"
    assert [path.name for path in (house.root / "out" / "rejected").iterdir()] == ["release-R-9.xml"]


def test_a_file_that_names_no_release_is_kept_and_not_answered(house: House) -> None:
    house.ask(b"hello", "hello.txt")
    assert house.kinds() == ["malformed"]
    assert list(house.sent("answer")) == []


@pytest.mark.parametrize("name", ["release-R-1.xml.part", ".release-R-1.xml", "release-R-1.xml.tmp"])
def test_a_file_that_is_being_written_is_not_read(house: House, name: str) -> None:
    house.ask(release(), name)
    assert house.kinds() == []


def test_a_release_for_another_site_is_refused(house: House) -> None:
    house.ask(release(site="leipzig"), "release-R-1.xml")
    house.work(10)
    assert house.outcomes() == [("REJ", "OTHER")]


def test_what_is_promised_is_not_promised_again(house: House) -> None:
    for n in range(3):
        house.ask(release(f"R-{n}", {"CUP": 4}), f"release-R-{n}.xml")
    house.work(60)
    assert len(house.ledger.of("shipped")) == 2
    (refusal,) = house.ledger.of("refused")
    assert (refusal["reason"], refusal["skus"]) == ("SHORT", ["CUP"])
    assert house.warehouse.shelves.on_hand == {"CUP": 2}


@pytest.mark.parametrize(("basis", "figure"), [("ON_HAND", 10), ("AVAILABLE", 8)])
def test_a_report_says_what_its_basis_means(tmp_path: Path, basis: str, figure: int) -> None:
    house = House(tmp_path, basis=basis)
    house.ask(release(), "release-R-1.xml")
    house.work(5)
    house.warehouse.send_stock_report()
    (report,) = (house.root / "in" / "stock").iterdir()
    lines = report.read_text().splitlines()
    assert lines == [f"H;berlin;{basis};2026-11-20T12:00:05Z", f"D;CUP;{figure}", "T;1"]


def test_stopping_in_time_gives_the_goods_back(house: House) -> None:
    house.ask(release(), "release-R-1.xml")
    house.work(5)
    house.ask(cancel(), "cancel-R-1-00000000.xml")
    house.work(60)
    assert house.kinds() == ["released", "accepted", "cancelled"]
    assert house.outcomes() == [("ACC", None), ("CAN", None)]
    assert house.warehouse.shelves.figures("AVAILABLE") == {"CUP": 10}


def test_stopping_before_it_was_even_looked_at_is_answered_once(house: House) -> None:
    (house.root / "out" / "cancel-R-1-00000000.xml").write_bytes(cancel())
    house.ask(release(), "release-R-1.xml")
    house.work(60)
    assert house.outcomes() == [("CAN", None)]
    assert house.warehouse.shelves.figures("AVAILABLE") == {"CUP": 10}


def test_what_is_picked_leaves(house: House) -> None:
    house.ask(release(), "release-R-1.xml")
    house.work(33)
    house.ask(cancel(), "cancel-R-1-00000000.xml")
    house.work(60)
    assert house.kinds() == ["released", "accepted", "cancel_refused", "shipped"]
    assert house.outcomes() == [("ACC", None), ("NCN", "LATE")]


def test_the_rest_can_be_stopped_between_two_parcels(house: House) -> None:
    house.warehouse.plan("W-1", Plan(parcels=2, gap_s=100))
    house.ask(release(), "release-R-1.xml")
    house.work(40)
    house.ask(cancel(), "cancel-R-1-00000000.xml")
    house.work(200)
    assert house.kinds() == ["released", "accepted", "shipped", "cancelled"]
    assert house.warehouse.shelves.figures("AVAILABLE") == {"CUP": 9}


def test_stopping_what_nobody_asked_for_is_refused(house: House) -> None:
    house.ask(cancel("R-7"), "cancel-R-7-00000000.xml")
    assert house.outcomes() == [("NCN", "UNKNOWN")]


def test_stopping_twice_is_answered_twice_and_done_once(house: House) -> None:
    house.ask(release(), "release-R-1.xml")
    for n in range(2):
        house.ask(cancel(), f"cancel-R-1-0000000{n}.xml")
    assert house.kinds() == ["released", "cancelled", "repeated"]
    assert house.outcomes() == [("CAN", None), ("CAN", None)]


def test_what_is_not_found_is_written_off(house: House) -> None:
    house.warehouse.plan("W-1", Plan(short={"CUP": 1}))
    house.ask(release(), "release-R-1.xml")
    house.work(60)
    assert house.kinds() == ["released", "accepted", "shipped", "refused"]
    assert house.warehouse.shelves.figures("AVAILABLE") == {"CUP": 8}


@pytest.mark.parametrize(("condition", "figure"), [("A", 9), ("B", 9), ("D", 8)])
def test_sellable_returns_go_back_on_the_shelf(house: House, condition: str, figure: int) -> None:
    house.ask(release(), "release-R-1.xml")
    house.work(60)
    house.warehouse.send_return("R-1", {"CUP": 1}, condition)
    house.work(1)
    (paper,) = house.sent("return")
    assert paper.findtext("{*}Condition") == condition
    assert house.warehouse.shelves.on_hand == {"CUP": figure}
    assert house.warehouse.releases_of("W-1") == ("R-1",)


@pytest.mark.parametrize(("fault", "kind"), [("refusal", "refused"), ("short", "refused")])
def test_faults_happen_by_the_customers_reference(house: House, fault: str, kind: str) -> None:
    house.faults.plan[fault] = {"W-1"}
    house.ask(release(), "release-R-1.xml")
    house.work(60)
    assert house.faults.happened[fault] == 1
    assert house.kinds().count(kind) == 1


def test_a_partial_delivery_comes_in_two_parcels(house: House) -> None:
    house.faults.plan["partial"] = {"W-1"}
    house.ask(release(), "release-R-1.xml")
    house.work(120)
    assert [entry["lines"] for entry in house.ledger.of("shipped")] == [{"CUP": 1}, {"CUP": 1}]


def test_an_unknown_sku_is_told_and_corrected(house: House) -> None:
    house.faults.plan["unknown_sku"] = {"W-1"}
    house.ask(release(), "release-R-1.xml")
    house.work(200)
    assert [paper.findtext(".//{*}Sku") for paper in house.sent("dispatch")] == ["NO-SUCH-CUP", "CUP"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wishes=st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 4), st.none() | st.integers(0, 80), st.integers(0, 3)),
        max_size=6,
    )
)
def test_goods_are_neither_made_nor_lost(
    tmp_path_factory: pytest.TempPathFactory, wishes: list[tuple[int, int, int | None, int]]
) -> None:
    house = House(tmp_path_factory.mktemp("house"), gap_s=7)
    for n, (quantity, parcels, _, missing) in enumerate(wishes):
        house.warehouse.plan(f"W-{n}", Plan(parcels=parcels, short={"CUP": missing}))
        body = release(f"R-{n}", {"CUP": quantity}).replace(b">W-1<", f">W-{n}<".encode())
        house.ask(body, f"release-R-{n}.xml")
    for second in range(120):
        for n, (_, _, stop_at, _) in enumerate(wishes):
            if stop_at == second:
                (house.root / "out" / f"cancel-R-{n}-00000000.xml").write_bytes(cancel(f"R-{n}"))
        house.work(1)
    shipped = sum(entry["lines"]["CUP"] for entry in house.ledger.of("shipped"))
    written_off = sum(
        min(missing, quantity)
        for n, (quantity, _, _, missing) in enumerate(wishes)
        if any(entry["key"] == f"R-{n}" for entry in house.ledger.of("refused"))
        and any(entry["key"] == f"R-{n}" for entry in house.ledger.of("accepted"))
    )
    assert house.warehouse.shelves.on_hand["CUP"] == 10 - shipped - written_off
    assert house.warehouse.shelves.promised["CUP"] == 0
    assert shipped <= 10
    ends = ("shipped", "refused", "cancelled")
    ended = {entry["key"] for kind in ends for entry in house.ledger.of(kind)}
    assert ended == {f"R-{n}" for n in range(len(wishes))}


async def test_it_works_by_itself_and_reports_by_itself(tmp_path: Path) -> None:
    clock = SystemClock(speed=100)
    ledger = Ledger(clock)
    options = {"transport": "folder", "stock": {"CUP": 10}, "report_every_s": 5, "answer_s": 0, "pick_s": 1}
    warehouse = Warehouse(Workshop("berlin", clock, ledger, Faults(), tmp_path, options=options))
    told = await warehouse.start()
    (Path(told["transport"]["path"]) / "out" / "release-R-1.xml").write_bytes(release())
    while not (ledger.of("shipped") and ledger.of("stock_report")):
        await clock.sleep(1)
    await warehouse.stop()
    assert len(ledger.of("released")) == 1


async def test_a_server_keeps_its_key_and_its_port(tmp_path: Path) -> None:
    workshop = Workshop("berlin", ManualClock(NOON), Ledger(ManualClock(NOON)), Faults(), tmp_path)
    first = Warehouse(workshop)
    told = (await first.start())["transport"]
    await first.stop()
    again = (await first.start())["transport"]
    await first.stop()
    assert (again["port"], again["host_key"]) == (told["port"], told["host_key"])
    second = Warehouse(workshop)
    assert (await second.start())["transport"]["host_key"] == told["host_key"]
    await second.stop()


def test_unknown_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trasport"):
        House(tmp_path, trasport="sftp")
