"""What Signifyd decides, read into canonical documents."""

import copy
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.documents import FraudDecisionDocument
from canonical.fraud import FraudVerdict
from connectors.signifyd.reading import SignifydReader
from core.errors import DocumentError
from core.ports import RawDocument
from tests.connectors.signifyd.stage import MAPPINGS

READER = SignifydReader("signifyd", MAPPINGS)
DECISION: dict[str, Any] = {
    "signifydId": 9900000017,
    "orderId": "webstore:W-1001",
    "decision": {
        "createdAt": "2026-11-20T12:00:07.531Z",
        "checkpointAction": "ACCEPT",
        "checkpointActionReason": "SIGNIFYD_APPROVED",
        "checkpointActionPolicy": "SIGNIFYD_DECISION",
        "score": 871.42,
    },
    "coverage": None,
}
OLDER = {
    "analysisUrl": "https://signifyd.example/cases/1/analysis", "orderId": "webstore:W-1001", "status": "OPEN",
    "caseId": 1, "investigationId": 1, "score": 792.99, "reviewDisposition": "UNSET",
    "guaranteeDisposition": "APPROVED", "testInvestigation": True,
}  # fmt: skip
"""The shape of API v2."""


def with_(**changes: Any) -> dict[str, Any]:
    """The decision with other values, `decision__x` being `x` within `decision`; None takes a field away."""
    document = copy.deepcopy(DECISION)
    for name, value in changes.items():
        inside, _, last = name.rpartition("__")
        target: dict[str, Any] = document[inside] if inside else document
        target[last] = value
        if value is None:
            del target[last]
    return document


def read(document: Any) -> FraudDecisionDocument:
    (found,) = READER(RawDocument("decision", json.dumps(document).encode()))
    assert isinstance(found, FraudDecisionDocument)
    return found


def test_a_decision_is_read_whole() -> None:
    assert read(DECISION) == FraudDecisionDocument(
        occurred_at=datetime(2026, 11, 20, 12, 0, 7, 531000, tzinfo=UTC),
        gateway="signifyd",
        order_ref="webstore:W-1001",
        verdict=FraudVerdict.APPROVED,
        reference="9900000017",
        score=871.42,
        reason="SIGNIFYD_APPROVED",
    )


@pytest.mark.parametrize(
    ("action", "verdict"),
    [("ACCEPT", "approved"), ("REJECT", "rejected"), ("HOLD", "review"), ("CHALLENGE", "review")],
)
def test_each_action_has_its_verdict(action: str, verdict: str) -> None:
    assert read(with_(decision__checkpointAction=action)).verdict == verdict


def test_the_id_of_a_case_may_be_a_number_or_a_text() -> None:
    assert read(with_(signifydId="9900000017")) == read(DECISION)
    assert read(with_(signifydId=None)).reference is None


def test_a_policy_of_the_merchants_is_named() -> None:
    said = read(
        with_(decision__checkpointActionPolicy="Watches", decision__checkpointActionReason="MERCHANT")
    )
    assert said.reason == "MERCHANT, by policy Watches"


def test_what_is_not_known_is_left_alone() -> None:
    assert read({**DECISION, "scaEvaluation": {"outcome": "x"}, "newField": 1}) == read(DECISION)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (with_(decision__checkpointAction="CREDIT"), "decision.checkpointAction"),
        (with_(decision__checkpointAction=None), "decision.checkpointAction"),
        (with_(decision__checkpointAction="accept"), "decision.checkpointAction"),
        (with_(decision__createdAt="yesterday"), "decision.createdAt"),
        (with_(decision__createdAt="2026-11-20T12:00:07"), "decision.createdAt"),
        (with_(decision__createdAt=None), "decision.createdAt"),
        (with_(decision__score="high"), "decision.score"),
        (with_(orderId=None), "orderId"),
        (with_(orderId="100000002"), "orderId"),
        (with_(decision=None), "decision.checkpointAction"),
        (OLDER, "decision.checkpointAction"),
    ],
)
def test_what_is_not_as_agreed_is_refused_by_name(document: dict[str, Any], field: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(document)
    assert any(problem.field and field in problem.field for problem in refused.value.problems)


@pytest.mark.parametrize("foreign", ["100000002", "webstore:", ":W-1001"])
def test_an_order_of_another_system_is_named_with_what_to_do(foreign: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(with_(orderId=foreign))
    (problem,) = refused.value.problems
    assert problem.field is not None
    assert "orderId" in problem.field
    assert foreign in str(problem.value)
    assert "names them `channel:reference`" in problem.reason
    assert "give the hub one of its own" in problem.reason


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b'"text"', b"[" * 5000])
def test_what_is_no_decision_at_all_is_refused(body: bytes) -> None:
    with pytest.raises(DocumentError):
        READER(RawDocument("decision", body))


@pytest.mark.parametrize("decision", [None, {}])
def test_an_answer_without_a_decision_means_that_there_is_none_yet(decision: object) -> None:
    assert READER.answer(json.dumps({**DECISION, "decision": decision}).encode()) == ()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = ["signifydId", "orderId", "decision", *(f"decision__{name}" for name in DECISION["decision"])]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), values)
def test_any_value_in_any_field_is_read_or_refused_and_never_breaks(place: str, value: object) -> None:
    document = with_(**{place: value}) if value is not None else with_(**{place: "x"})
    with suppress(DocumentError):
        assert read(document).gateway == "signifyd"
