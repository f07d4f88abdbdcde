"""The small hub that tests of the desk and of the API share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.hub.stage import Stage, stage


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as running:
        yield running
