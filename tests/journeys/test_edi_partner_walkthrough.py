"""The page that brings a trading partner into a hub, run as it is printed."""

from pathlib import Path

import pytest

from tests.journeys.walking import ROOT, follow, shell, steps
from tests.starting import free_port


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.timeout(180)  # some twenty programs are started, one after the other
async def test_a_partner_is_brought_in_as_it_is_printed(tmp_path: Path) -> None:
    walk = list(steps(ROOT / "docs" / "edi-partner.md"))
    assert [step.kind for step in walk].count("look") >= 2
    port = free_port()

    async with shell(tmp_path) as bash:
        for step in walk:
            await follow(bash, step, port)

    assert '"error"' not in (tmp_path / "hub.log").read_text("utf-8")
