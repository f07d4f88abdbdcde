"""A connector made for tests, put together as one for trading partners is: an 850 goes out, an 855 comes in."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from canonical.commands import CancelPurchaseOrder, Command
from canonical.documents import Document
from canonical.parties import Party
from canonical.purchase_instructions import PurchaseInstruction, PurchaseInstructionLine
from core.clock import Clock
from core.connector import OpenConnector, Resources
from core.ports import EffectContext, RawDocument
from core.trading.opening import Trade, open_trade
from core.trading.port import Instruction
from core.trading.settings import TradingSettings
from hub.interchanges import Partners
from hub.mappings import MappingLibrary, Sources
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary
from tests.connectors.webstore.resources import NoCursors
from tests.core.engine.stage import NOON

X12_ORDER = """
mapping: test/850
version: 1
writes: x12
source: PurchaseInstruction
syntax: {set: "850"}
fields:
  BEG:
    fields:
      "01": {value: "00"}
      "02": {value: DS}
      "03": purchase_id
      "05": {from: created_at, transform: {format_datetime: {format: "%Y%m%d"}}}
  N1:
    list:
      - fields:
          N1: {fields: {"01": {value: ST}, "02": ship_to.name}}
  PO1:
    each: lines
    fields:
      PO1:
        fields:
          "01": {from: number, transform: text}
          "02": {from: quantity, transform: text}
          "03": {value: EA}
          "06": {value: VN}
          "07": reference
"""
EDIFACT_ORDER = """
mapping: test/ORDERS
version: 1
writes: edifact
source: PurchaseInstruction
syntax: {set: ORDERS}
fields:
  BGM: {fields: {"01": {value: "220"}, "02": purchase_id, "03": {value: "9"}}}
  DTM:
    list:
      - fields:
          "01": {value: "137"}
          "01_2": {from: created_at, transform: {format_datetime: {format: "%Y%m%d"}}}
          "01_3": {value: "102"}
  SG2:
    list:
      - fields: {NAD: {fields: {"01": {value: ST}, "04": ship_to.name}}}
  SG25:
    each: lines
    fields:
      LIN: {fields: {"01": {from: number, transform: text}, "03": reference, "03_2": {value: SA}}}
      QTY:
        list:
          - fields: {"01": {value: "21"}, "01_2": {from: quantity, transform: text}}
  UNS: {fields: {"01": {value: S}}}
"""
PROFILES: Mapping[str, Mapping[str, Any]] = {
    "x12": {
        "standard": "x12", "version": "004010",
        "ours": {"qualifier": "ZZ", "id": "HUB"}, "theirs": {"qualifier": "01", "id": "123456789"},
    },
    "edifact": {
        "standard": "edifact", "version": "D96A",
        "ours": {"qualifier": "14", "id": "4000001000005"}, "theirs": {"qualifier": "14", "id": "4000002000004"},
    },
}  # fmt: skip


def library(folder: Path) -> MappingLibrary:
    """The mapping documents, as the hub loads them."""
    folder.mkdir(exist_ok=True)
    (folder / "850.yaml").write_text(X12_ORDER)
    (folder / "ORDERS.yaml").write_text(EDIFACT_ORDER)
    return MappingLibrary.load(Sources((("test", folder),)))


def purchase(reference: str = "CUP", name: str = "A buyer", title: str = "") -> PurchaseInstruction:
    """What a purchase order of one line says."""
    line = PurchaseInstructionLine(number=1, sku="CUP-1", reference=reference, title=title, quantity=2)
    return PurchaseInstruction(
        purchase_id="PO-1", supplier="acme", channel="shop", channel_ref="W-1", shipping_method="standard",
        created_at=NOON, acknowledge_by=NOON + timedelta(days=1),
        ship_to=Party(name=name, address_lines=("1 Some Street",), city="Town", postcode="T1 1AA", country="GB"),
        lines=(line,),
    )  # fmt: skip


def nothing(raw: RawDocument) -> tuple[Document, ...]:
    return ()


def opened(
    folder: Path, clock: Clock, standard: str = "x12", said: PurchaseInstruction | None = None, **partner: Any
) -> OpenConnector:
    """Open the connector on a folder; whatever it is asked for, it orders `said`."""
    share = folder / "share"
    for name in ("out/processed", "in", "errors"):
        (share / name).mkdir(parents=True, exist_ok=True)
    settings = TradingSettings.model_validate(
        {
            "transport": {"type": "folder", "path": share},
            "partner": {**PROFILES[standard], **partner},
            "arrival": {"complete": "renamed"},
        }
    )
    return opened_with(folder, clock, settings, said)


def opened_with(
    folder: Path, clock: Clock, settings: TradingSettings, said: PurchaseInstruction | None = None
) -> OpenConnector:
    """Open the connector with settings of the test's own."""
    is_x12 = settings.partner.standard == "x12"
    kind = "850" if is_x12 else "ORDERS"
    answers = ("855", "856", "810") if is_x12 else ("ORDRSP", "DESADV", "INVOIC")

    def instruct(command: Command, context: EffectContext) -> Instruction:
        values = said or purchase()
        return Instruction(kind, f"test/{kind}", values, values.purchase_id)

    resources = Resources(
        clock, library(folder / "mappings"), NoCursors(),
        Partners(clock, GrammarLibrary(GrammarFolders())),
    )  # fmt: skip
    trade = Trade(
        settings.partner, frozenset({CancelPurchaseOrder}), instruct, dict.fromkeys(answers, nothing)
    )
    return open_trade("acme", settings, resources, trade)
