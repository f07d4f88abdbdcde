"""What every port that writes to a partner refuses alike: no people any more, another's node, values that don't fit."""

from pydantic import ValidationError

from canonical.parties import Party
from core.errors import RejectedError
from core.ports import EffectContext


def ship_to(context: EffectContext) -> Party:
    """Return whom the goods are for; raise `RejectedError` where the order's people were erased."""
    if context.parties is None:
        raise RejectedError(
            "the order's personal data was erased: there is no address to send to", code="erased"
        )
    return context.parties.ship_to


def only_for(own: str, asked: str) -> None:
    """Raise `RejectedError` for a command about the node `asked`, where the connector's own is another."""
    if asked != own:
        raise RejectedError(
            f"the node {asked!r} is not this connector's, which is {own!r}: `orderhub nodes list` shows which "
            "node has which connector",
            code="node",
        )


def unwritable(what: str, error: ValidationError) -> RejectedError:
    """Return the refusal of a document: `what` says of what, as in "the release can't be written".

    Only places and reasons stand in it: the values may be somebody's address.
    """
    where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return RejectedError(f"{what}: {where}", code="document")
