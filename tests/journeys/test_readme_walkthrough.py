"""The README's walk, run as it is printed."""

from pathlib import Path

import pytest

from tests.journeys.walking import ROOT, follow, shell, steps
from tests.starting import free_port


@pytest.mark.journey
@pytest.mark.slow
@pytest.mark.timeout(180)  # some twenty programs are started, one after the other
async def test_the_readmes_walk_goes_as_it_is_printed(tmp_path: Path) -> None:
    walk = list(steps(ROOT / "README.md"))
    assert [step.kind for step in walk].count("look") >= 3
    port = free_port()

    async with shell(tmp_path) as bash:
        for step in walk:
            await follow(bash, step, port)

    log = (tmp_path / "hub.log").read_text("utf-8")
    assert '"stopped"' in log
    assert '"error"' not in log
