"""Signatures, against what others have published and against the connector's own README."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

import connectors.webstore
from connectors.webstore.settings import secret_key
from connectors.webstore.signing import Verifier, request_content, sign, signed_headers, webhook_content
from core.clock import ManualClock
from core.errors import DoorError
from tests.connectors.webstore.building import SECRET
from tests.contracts.building import NOON

README = Path(connectors.webstore.__path__[0]) / "README.md"


def test_the_example_of_the_readme_is_right() -> None:
    (block,) = re.findall(r"```text\n(.*?)```", README.read_text(), re.DOTALL)
    example = dict(line.split(maxsplit=1) for line in block.splitlines())
    content = request_content(
        example["id"], example["timestamp"], example["method"], example["target"], example["body"].encode()
    )
    assert sign(secret_key(SecretStr(example["secret"])), content) == example["signature"]


def test_a_webhook_is_signed_as_the_standard_says() -> None:
    """The example of the Standard Webhooks specification's reference libraries."""
    key = secret_key(SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    content = webhook_content("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert sign(key, content) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(
    st.tuples(*[st.text("ab.:/-", max_size=6)] * 4, st.binary(max_size=8)),
    st.tuples(*[st.text("ab.:/-", max_size=6)] * 4, st.binary(max_size=8)),
)
def test_two_requests_never_have_the_same_signed_content(
    one: tuple[str, str, str, str, bytes], other: tuple[str, str, str, str, bytes]
) -> None:
    assert (request_content(*one) == request_content(*other)) is (one == other)


@given(st.text(), st.text(), st.text(), st.text(), st.binary())
def test_nobody_gets_in_without_the_secret(
    webhook_id: str, timestamp: str, signature: str, target: str, body: bytes
) -> None:
    verifier = Verifier([secret_key(SecretStr(SECRET))], ManualClock(NOON), 300)
    headers = {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    with pytest.raises(DoorError) as refused:
        verifier.verify("POST", target, headers, body)
    assert refused.value.status == 401


@given(st.binary(), st.text("abc123:", min_size=1))
def test_what_was_signed_is_let_in(body: bytes, webhook_id: str) -> None:
    keys, at = [secret_key(SecretStr(SECRET))], int(NOON.timestamp())
    content = request_content(webhook_id, str(at), "POST", "/orders", body)
    headers = signed_headers(keys, webhook_id, at, content)
    assert Verifier(keys, ManualClock(NOON), 300).verify("POST", "/orders", headers, body) == webhook_id
