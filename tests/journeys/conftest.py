"""What journeys of one channel or gateway set out with."""

from pathlib import Path

import pytest


@pytest.fixture(params=["embedded", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, str]:
    """Where store and bus are: in the process, or on servers."""
    if request.param == "embedded":
        return f"sqlite:///{tmp_path / 'hub.sqlite3'}", "embedded://", ""
    postgres, amqp = request.getfixturevalue("postgres_url"), request.getfixturevalue("amqp_url")
    return postgres, amqp, request.getfixturevalue("queue_prefix")
