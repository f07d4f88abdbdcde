"""`orderhub edi ack` and `orderhub edi ledger`."""

import json
from pathlib import Path

import pytest

from tests.hub.cli.calling import call
from tests.mappings.edi.ack.damaged import order, purchase_orders
from tests.mappings.edi.ack.test_contrl import order as message
from tests.mappings.edi.ack.test_contrl import orders

WRONG = purchase_orders(order("0001"), order("0002", count=9))


def test_an_acknowledgement_is_printed_as_it_would_be_sent(tmp_path: Path) -> None:
    (tmp_path / "wrong.edi").write_text(WRONG)
    said = call(tmp_path, "edi", "ack", "wrong.edi")
    assert said.status == 0
    assert "ISA*00*          *00*          *ZZ*HUB            *01*123456789      *" in said.out
    assert "AK1*PO*17~AK2*850*0001~AK5*A~AK2*850*0002~AK5*R*4~AK9*P*2*2*1~SE*8*0001~" in said.out


def test_it_is_chosen_how(tmp_path: Path) -> None:
    (tmp_path / "wrong.edi").write_text(WRONG)
    assert "IK5*R*4~" in call(tmp_path, "edi", "ack", "wrong.edi", "--as", "999").out
    said = call(tmp_path, "edi", "ack", "wrong.edi", "--as", "ta1")
    assert "TA1*000000905*261122*2300*A*000~IEA*0*000000001~" in said.out


def test_edifact_is_answered_by_a_contrl(tmp_path: Path) -> None:
    (tmp_path / "orders.edi").write_text(orders(message("1")))
    said = call(tmp_path, "edi", "ack", "orders.edi")
    assert "UNH+1+CONTRL:D:3:UN'UCI+905+4000002000004:14+4000001000005:14+7'" in said.out


def test_programs_are_told_what_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "wrong.edi").write_text(WRONG)
    (found,) = json.loads(call(tmp_path, "edi", "ack", "wrong.edi", "--json").out)
    assert [one["decision"] for one in found["sets"]] == ["accepted", "rejected"]
    assert found["sets"][1]["faults"][0]["standard_code"] == "4"


def test_what_is_no_interchange_is_said(tmp_path: Path) -> None:
    (tmp_path / "hello.edi").write_text("hello")
    said = call(tmp_path, "edi", "ack", "hello.edi")
    assert said.status == 1
    assert "holds no interchange" in said.errors
    assert call(tmp_path, "edi", "ack", "missing.edi").status == 2


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("UNA:+.? '", "UNB, 0004"),
        (orders(message("1")).replace("+4000002000004:14", "+", 1), "interchange 905 names no sender"),
        (
            WRONG.replace("ZZ*" + "HUB".ljust(15), "ZZ*" + " " * 15, 1).replace("123456789      ", " " * 15),
            "ISA06",
        ),
    ],
)
def test_nobody_is_answered_where_no_sender_is_named(tmp_path: Path, body: str, where: str) -> None:
    (tmp_path / "whose.edi").write_text(body)
    said = call(tmp_path, "edi", "ack", "whose.edi")
    assert (said.status, said.out) == (1, "")
    assert where in said.errors
