"""Which set or message says what: the mapping that writes each command, those that read each answer."""

from collections.abc import Mapping

from canonical.commands import AnnounceInbound, CancelInstruction, Command, ReleaseInstruction
from canonical.inbound import InboundInstruction
from connectors.warehouse_edi.settings import WarehouseEdiSettings
from core.connector import Mappings, Reader
from core.errors import RejectedError
from core.instructing import only_for
from core.mapped_reader import MappedReader
from core.ports import EffectContext
from core.releasing import instruction_of
from core.trading.port import Instruct, Instruction

_SAID_BY: Mapping[str, Mapping[type[object], tuple[str, str]]] = {
    "x12": {
        ReleaseInstruction: ("940", "fulfilment/x12/940"),
        CancelInstruction: ("940", "fulfilment/x12/940-cancel"),
        InboundInstruction: ("943", "fulfilment/x12/943"),
    },
    "edifact": {
        ReleaseInstruction: ("INSDES", "fulfilment/edifact/despatch-instruction"),
        CancelInstruction: ("INSDES", "fulfilment/edifact/despatch-stop"),
    },
}
_READ_BY: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "x12": {
        "945": ("fulfilment/x12/945-parcels", "fulfilment/x12/945-whole", "fulfilment/x12/945-answer"),
        "944": ("fulfilment/x12/944", "fulfilment/x12/944-damaged", "fulfilment/x12/944-inbound"),
        "846": ("x12/846",),
        "947": ("fulfilment/x12/947",),
    },
    "edifact": {
        "DESADV": ("fulfilment/edifact/despatch-advice-parcels", "fulfilment/edifact/despatch-advice-answer"),
        "RECADV": ("fulfilment/edifact/receiving-advice", "fulfilment/edifact/receiving-advice-damaged"),
        "INVRPT": ("edifact/inventory-report",),
    },
}
"""One document may say what left and what lacks. Either may be taken first: a refusal says of how many units."""


def instructing(settings: WarehouseEdiSettings) -> Instruct:
    """Return what says how each command to the node is written."""
    node, site, told = settings.node, settings.site or settings.node, settings.told()
    standard = settings.partner.standard

    def instruct(command: Command, context: EffectContext) -> Instruction:
        values, reference = _values_of(command, context, node, site)
        if type(values) not in _SAID_BY[standard]:
            raise RejectedError(
                f"{standard} has no document here for a {type(command).__name__}: tell the warehouse by mail or phone",
                code="no_document",
            )
        kind, mapping = _SAID_BY[standard][type(values)]
        return Instruction(kind, mapping, values, reference, told)

    return instruct


def _values_of(
    command: Command, context: EffectContext, node: str, site: str
) -> tuple[InboundInstruction | ReleaseInstruction | CancelInstruction, str | None]:
    """Return what is to be written, and the number by which what is owed for it will be known."""
    if isinstance(command, AnnounceInbound):
        only_for(node, command.instruction.node)
        return command.instruction.replace(node=site), command.instruction.number
    values = instruction_of(command, context, node, site)
    # A cancellation has none: nobody owes a shipping advice for what is cancelled.
    return values, values.release_id if isinstance(values, ReleaseInstruction) else None


def readers(settings: WarehouseEdiSettings, mappings: Mappings) -> Mapping[str, Reader]:
    """Return a reader for each type of set or message that a warehouse sends."""
    read_by, told = _READ_BY[settings.partner.standard], settings.told()
    return {kind: MappedReader(names, mappings, told) for kind, names in read_by.items()}
