"""What a connector for trading partners is made of: a mapping's tree becomes an interchange at the partner's place."""

from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from canonical.commands import CancelPurchaseOrder
from core.clock import ManualClock
from core.errors import HubError, RejectedError
from core.exchange.numbers import Numbers
from core.ports import Effect, EffectContext, Outgoing
from core.trading.settings import TradingFolders
from hub.partner_grammars import OverlayError
from tests.core.engine.stage import NOON
from tests.hub.trading import opened, purchase

COMMAND = CancelPurchaseOrder(
    order_id=uuid4(), connector="acme", key="po:PO-1", purchase_id="PO-1", supplier="acme"
)
CLOCK = ManualClock(NOON)


def render(folder: Path, standard: str = "x12", **more: Any) -> Outgoing:
    (port,) = opened(folder, CLOCK, standard, **more).effects
    return port.render(COMMAND, cast("EffectContext", None))


def text(outgoing: Outgoing) -> str:
    assert outgoing.draft is not None
    return outgoing.draft.write(Numbers(7, (8,) * outgoing.draft.groups, (9,))).decode("latin-1")


def test_an_x12_set_stands_in_the_partners_envelope_and_delimiters(tmp_path: Path) -> None:
    marks = {"segment": "!", "element": "|", "component": ":"}
    written = text(render(tmp_path, delimiters=marks, said=purchase(name="O*Neill ~ Sons")))
    assert written.startswith("ISA|00|          |00|          |ZZ|HUB            |01|123456789      |")
    assert "!GS|PO|HUB|123456789|" in written
    assert "!ST|850|0009!BEG|00|DS|PO-1||" in written
    assert "!N1|ST|O*Neill ~ Sons!PO1|1|2|EA|||VN|CUP!SE|5|0009!GE|1|8!IEA|1|000000007!" in written


def test_an_edifact_message_stands_in_the_partners_envelope(tmp_path: Path) -> None:
    written = text(render(tmp_path, "edifact", said=purchase(name="Käthe's")))
    assert written.startswith("UNB+UNOC:3+4000001000005:14+4000002000004:14+")
    assert "UNH+9+ORDERS:D:96A:UN'BGM+220+PO-1+9'" in written
    assert "NAD+ST+++Käthe?'s'" in written


def test_a_value_is_written_in_the_character_set_that_was_agreed(tmp_path: Path) -> None:
    said = purchase(name="Käthe")
    assert "N1*ST*K\xc3\xa4the~" in text(render(tmp_path, said=said))
    assert "N1*ST*K\xe4the~" in text(render(tmp_path, said=said, charset="iso-8859-1"))


@pytest.mark.parametrize(
    ("standard", "said", "partner", "reason"),
    [
        ("x12", purchase("CUP*2"), {}, r"test/850: 850: PO1\[0\]\.PO1\.07: the value holds '\*'"),
        ("x12", purchase("Ж"), {"charset": "iso-8859-1"}, r"PO1\.07.*'Ж' is not in the character set"),
        ("edifact", purchase("Ж"), {}, r"LIN\.03.*'Ж' is not in the character set UNOC"),
        ("x12", purchase("C" * 49), {}, r"segment 4: PO107.*element-too-long"),
    ],
)
def test_what_the_partner_could_not_take_is_refused_before_it_has_a_number(
    tmp_path: Path, standard: str, said: Any, partner: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RejectedError, match=reason) as refused:
        render(tmp_path, standard, said=said, **partner)
    assert refused.value.code == "document"


def test_an_overlay_of_the_profile_is_kept_to_in_what_we_write(tmp_path: Path) -> None:
    overlays = tmp_path / "overlays"
    overlays.mkdir()
    (overlays / "acme.overlay").write_text("overlay acme\non x12 004010 850\nrequire REF\n")
    with pytest.raises(RejectedError, match="segment-missing"):
        render(tmp_path, overlays=overlays)
    assert render(tmp_path, overlays=overlays, tolerate=["segment-missing"]).draft is not None
    (overlays / "acme.overlay").write_text("overlay acme\non x12 004010 850\nrequire NOSUCH\n")
    with pytest.raises(OverlayError, match="NOSUCH"):
        opened(tmp_path, CLOCK, overlays=overlays)


def test_a_character_set_that_there_is_not_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(HubError, match=r"partner\.charset.*klingon"):
        opened(tmp_path, CLOCK, charset="klingon")


async def test_what_is_sent_lies_whole_at_the_partners_place_and_is_found_there(tmp_path: Path) -> None:
    connector = opened(tmp_path, CLOCK)
    (port,) = connector.effects
    effect = Effect(uuid4(), "po:PO-1", COMMAND, Outgoing(b"ISA", target="000000007.x12"), 1, None)
    assert await port.look_up(effect) is None
    assert (await port.send(effect)).reference == "out/000000007.x12"
    (tmp_path / "share/out/000000007.x12").rename(tmp_path / "share/out/processed/000000007.x12")
    found = await port.look_up(effect)
    assert found is not None
    assert found.reference == "out/processed/000000007.x12"
    assert "folder" in await connector.test()


def test_an_inbox_is_no_outbox() -> None:
    with pytest.raises(ValueError, match="both an outbox and the place"):
        TradingFolders(outbox="files", inbox="files")
