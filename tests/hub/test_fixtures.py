"""A failed message becomes a case with nobody in it, and with all that made it fail."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.desk.failure_views import FailureDetail
from hub.desk.message_views import Lineage, MessageDetail
from hub.fixtures import Case, NoCaseError, case_of, write_case

ID = UUID("019aa000-0000-7000-8000-00000000c0de")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PEOPLE = ("Ada Customer", "ada@shop.example", "+49 30 1234567", "7 Real Street", "10115")


def a_case(body: bytes, media_type: str = "application/json", **problem: Any) -> Case:
    failure = FailureDetail(
        id=ID, signature="s", status="open", stage="read", error="DocumentError",
        reason=f"refused: {problem.get('value', '')}", connector="shop", mapping="webstore/order@1+0", message_id=ID,
        effect_id=None, order_id=None, claimed_by=None, claimed_at=None, replayed_as=None, closed_by=None,
        closed_reason=None, recorded_at=NOON, closed_at=None, problems=(problem,) if problem else (), excerpt=(),
        unreadable=None, masked=False, current_message_id=ID, held_up=0,
    )  # fmt: skip
    message = MessageDetail(
        id=ID, direction="in", connector="shop", kind="order", status="failed", order_id=None, correlation_id=None,
        causation_id=None, replay_of=None, external_id=None, media_type=media_type, size_bytes=len(body), mapping=None,
        reason=None, recorded_at=NOON, finished_at=None, headers={}, body=None, encoding="utf-8", masked=False,
        unavailable=None, keys=(), lineage=Lineage(causes=(), children=(), replays=(), original=None), failures=(),
        effects=(), reading=None,
    )  # fmt: skip
    return case_of(failure, message, body, "webstore")


ORDER = {
    "reference": "W-1",
    "customer": {
        "firstName": "Ada",
        "name": "Ada Customer",
        "email": "ada@shop.example",
        "phone": "+49 30 1234567",
    },
    "shipTo": {"street1": "7 Real Street", "postcode": "10115", "country": "DE"},
    "lines": [{"sku": "CUP", "name": "A cup", "price": 9.90, "qty": 2}],
    "remark": "call ada@shop.example or +49 30 1234567",
}
XML = b"""<order ref="W-1"><Customer Name="Ada Customer"><Email>ada@shop.example</Email></Customer>
<Address><Street>7 Real Street</Street><Zip>10115</Zip></Address>
<Item><Name>A cup</Name><Sku>CUP</Sku></Item></order>"""
CSV = b"order;customer name;email;sku;qty\nW-1;Ada Customer;ada@shop.example;CUP;2\n"


class TestWhatIsTakenOut:
    @pytest.mark.parametrize(
        ("body", "media_type"),
        [(json.dumps(ORDER).encode(), "application/json"), (XML, "application/xml"), (CSV, "text/csv")],
    )
    def test_nobody_is_left_and_goods_and_references_are(self, body: bytes, media_type: str) -> None:
        kept = a_case(body, media_type).body.decode()
        assert [personal for personal in PEOPLE if personal in kept] == []
        for word in ("W-1", "CUP"):
            assert word in kept

    def test_an_items_name_is_nobodys(self) -> None:
        assert "A cup" in a_case(json.dumps(ORDER).encode()).body.decode()
        assert "A cup" in a_case(XML, "application/xml").body.decode()

    def test_the_length_and_kind_of_every_character_stay(self) -> None:
        kept = json.loads(a_case(json.dumps(ORDER).encode()).body)
        assert kept["shipTo"]["street1"] == "0 Xxxx Xxxxxx"
        assert kept["shipTo"]["postcode"] == "00000"
        assert kept["customer"]["phone"] == "+00 00 0000000"

    def test_equal_values_stay_equal(self) -> None:
        kept = json.loads(a_case(json.dumps(ORDER).encode()).body)
        assert re.fullmatch(r"a\.customer\+\d+@example\.com", kept["customer"]["email"])
        body = json.dumps({"email": "ada@shop.example", "text": "to ada@shop.example"}).encode()
        both = json.loads(a_case(body).body)
        assert both["text"] == f"to {both['email']}"

    @pytest.mark.parametrize(
        ("body", "media_type", "wanted"),
        [
            (b'{"buyer": {"name": "Ada Ames"}, "ship_to": {"name": "Bob Bond"}, "bill_to": {"name": "Ada Ames"}}',
             "application/json", r'"name": "(.*)"'),
            (b"<o><Buyer><Name>Ada Ames</Name></Buyer><To><Name>Bob Bond</Name></To><B><Name>Ada Ames</Name></B></o>",
             "application/xml", "<Name>(.*?)</Name>"),
            (b"sku;customer name\nA;Ada Ames\nB;Bob Bond\nC;Ada Ames\n", "text/csv", "[ABC];(.*)"),
        ],
    )  # fmt: skip
    def test_people_who_differ_stay_different_and_the_same_ones_the_same(
        self, body: bytes, media_type: str, wanted: str
    ) -> None:
        first, second, third = re.findall(wanted, a_case(body, media_type).body.decode())
        assert first == third != second
        assert [len(first), len(second)] == [8, 8]
        assert {"Ada", "Ames", "Bob", "Bond"} & {*first.split(), *second.split()} == set()

    def test_a_stand_in_says_nothing_of_what_it_stands_for(self) -> None:
        one, other = (
            a_case(json.dumps({"email": email}).encode()).body for email in ("a@b.example", "c@d.example")
        )
        assert one == other

    def test_the_form_of_an_xml_and_of_a_delimited_document_stays(self) -> None:
        tags = re.compile(r"</?\w+| \w+=")
        assert tags.findall(a_case(XML, "application/xml").body.decode().partition("?>")[2]) == tags.findall(
            XML.decode()
        )
        rows = a_case(CSV, "text/csv").body.decode().splitlines()
        assert rows[0] == CSV.decode().splitlines()[0]
        assert rows[1].split(";")[0::3] == ["W-1", "CUP"]

    def test_numbers_stay_as_they_were_written(self) -> None:
        kept = a_case(b'{"price": 9.90, "qty": 10, "big": 12345678901234567890, "e": 1E2}').body.decode()
        assert [number for number in ("9.90", "12345678901234567890", "1E2") if number not in kept] == []

    def test_the_problem_does_not_say_what_the_document_hides(self) -> None:
        case = a_case(
            json.dumps(ORDER).encode(), field="shipTo.street1", value="7 Real Street", reason="too long"
        )
        assert "Real" not in json.dumps(case.facts)
        assert case.facts["problems"][0]["field"] == "shipTo.street1"

    @pytest.mark.parametrize(
        "media_type", ["application/json", "application/xml", "text/csv", "application/edi-x12"]
    )
    def test_what_can_not_be_read_is_kept_without_addresses_and_says_so(self, media_type: str) -> None:
        case = a_case(b"\xff{ ada@shop.example +49 30 1234567", media_type)
        assert b"ada@" not in case.body
        assert b"1234567" not in case.body
        assert case.unsure is not None

    @given(
        st.binary(max_size=200),
        st.sampled_from(["application/json", "application/xml", "text/csv", "text/plain"]),
    )
    def test_any_bytes_make_a_case(self, body: bytes, media_type: str) -> None:
        assert isinstance(a_case(body, media_type).body, bytes)


class TestWriting:
    def test_a_case_is_a_document_and_what_it_fails_with(self, tmp_path: Path) -> None:
        case = a_case(json.dumps(ORDER).encode(), field="lines[0].qty", value="2", reason="too few")
        document, facts = write_case(case, tmp_path / "cases")
        assert document.name == "webstore-order-lines-0-qty-0000c0de.json"
        said = json.loads(facts.read_text(encoding="utf-8"))
        assert said["document"] == document.name
        assert (said["connector"], said["kind"], said["stage"]) == ("webstore", "order", "read")

    def test_no_case_is_written_over(self, tmp_path: Path) -> None:
        case = a_case(b"{}")
        write_case(case, tmp_path, "one")
        with pytest.raises(NoCaseError, match="--name"):
            write_case(case, tmp_path, "one")
