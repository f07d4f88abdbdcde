"""The courier's broker that EasyPost is: books labels and collections, takes them back, closes manifests, looks up."""

import json
from collections.abc import Callable
from datetime import UTC, timedelta

from canonical.commands import (
    BookCollection,
    BookLabel,
    BookReturnLabel,
    CancelCollection,
    CloseManifest,
    Command,
    VoidLabel,
)
from canonical.documents import BusinessKey, Document, KeyKind, LabelDocument
from connectors.easypost.client import EasyPostClient, Obj, section
from connectors.easypost.rates import cheapest, chosen
from connectors.easypost.requests import write_request
from connectors.easypost.settings import EasyPostSettings
from core.clock import Clock, in_time
from core.errors import OutcomeUnknownError, RejectedError
from core.ports import Answer, AnswerFile, Effect, EffectContext, Outgoing

Read = Callable[[str, bytes, Command], tuple[Document, ...]]

LABEL = "label"
_EXISTS = "SHIPMENT.POSTAGE.EXISTS"
_CLOCKS_APART = timedelta(minutes=15)
_VOID, _OVER = frozenset({"submitted", "refunded"}), frozenset({"rejected", "not_applicable"})
_URLS = {"PDF": "label_pdf_url", "ZPL": "label_zpl_url", "EPL2": "label_epl2_url"}


class EasyPostBroker:
    """Fills `CourierBroker`. `read` reads one of EasyPost's objects as what it means for a command's parcel."""

    commands: frozenset[type[Command]] = frozenset(
        {BookLabel, BookReturnLabel, VoidLabel, BookCollection, CancelCollection, CloseManifest}
    )

    def __init__(
        self, name: str, settings: EasyPostSettings, client: EasyPostClient, clock: Clock, read: Read
    ) -> None:
        self._name, self._settings, self._client = name, settings, client
        self._clock, self._read = clock, read
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the request."""
        return write_request(command, context, self._settings)

    async def send(self, effect: Effect) -> Answer:
        """Carry an effect out, and read the answer. Only the last call of several has an effect that costs."""
        late = OutcomeUnknownError(f"EasyPost was not done within {self.deadline_s:g} s")
        async with in_time(self._clock, self.deadline_s, late):
            match effect.command:
                case BookLabel():
                    return await self._book(effect, effect.command)
                case BookCollection():
                    return await self._collect(effect)
                case _:
                    done = await self._client.post(effect.outgoing.target, effect.outgoing.body)
                    return self._answer(effect, done)

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask whether the effect happened: a label and a collection by our reference, the others by their object."""
        late = OutcomeUnknownError(f"EasyPost was not done within {self.deadline_s:g} s")
        async with in_time(self._clock, self.deadline_s, late):
            match effect.command:
                case BookLabel():
                    bought = [one for one in await self._shipments(effect) if one.get("postage_label")]
                    return await self._labelled(effect, effect.command, bought[0]) if bought else None
                case BookCollection():
                    booked = [one for one in await self._pickups(effect) if one.get("status") == "scheduled"]
                    return self._answer(effect, booked[0]) if booked else None
                case _:
                    return await self._looked_at(effect)

    async def _looked_at(self, effect: Effect) -> Answer | None:
        match effect.command:
            case VoidLabel(reference=reference):
                shipment = await self._client.get(f"/shipments/{reference}")
                known = shipment.get("refund_status") in _VOID | _OVER
                return self._answer(effect, shipment) if known else None
            case CancelCollection(reference=reference):
                pickup = await self._client.get(f"/pickups/{reference}")
                return self._answer(effect, pickup) if pickup.get("status") == "canceled" else None
            case CloseManifest(reference=reference):
                form = section(await self._client.get(f"/shipments/{reference}"), "scan_form")
                return None if form is None else self._answer(effect, form)
            case _:
                message = f"EasyPost knows no {type(effect.command).__name__}"
                raise RejectedError(message, code="command")

    # --- labels --------------------------------------------------------------------------------------------------

    async def _book(self, effect: Effect, command: BookLabel) -> Answer:
        """Ask for rates, choose, buy, and fetch the label.

        A shipment can be bought once. So a repetition goes on with the shipment of the first time where there is
        one, and EasyPost itself refuses to sell it twice.
        """
        shipment = await self._begun(effect)
        if not shipment.get("postage_label"):
            body = json.dumps({"rate": {"id": chosen(shipment, command.wish).reference}}).encode()
            path = f"/shipments/{shipment['id']}"
            try:
                shipment = await self._client.post(f"{path}/buy", body)
            except RejectedError as error:
                if error.code != _EXISTS:
                    raise
                shipment = await self._client.get(path)
        return await self._labelled(effect, command, shipment)

    async def _begun(self, effect: Effect) -> Obj:
        """Return the shipment to buy: a new one, or that of an earlier attempt with fresh rates."""
        before = await self._shipments(effect) if effect.attempt > 1 else []
        bought = [one for one in before if one.get("postage_label")]
        if bought:
            return bought[0]
        if before:
            return await self._client.post(f"/shipments/{before[-1]['id']}/rerate", b"{}", asks=True)
        return await self._client.post(effect.outgoing.target, effect.outgoing.body, asks=True)

    async def _labelled(self, effect: Effect, command: BookLabel, shipment: Obj) -> Answer:
        """Return the answer for a label that is bought, with its file."""
        label = section(shipment, "postage_label") or {}
        url = label.get(_URLS.get(command.label_format, "")) or label.get("label_url")
        if not isinstance(url, str):
            raise OutcomeUnknownError("EasyPost sold a label, and does not say where its file is")
        body, media_type = await self._client.fetch(url)
        answer = self._answer(effect, shipment)
        number = BusinessKey(kind=KeyKind.TRACKING, value=str(shipment.get("tracking_code")))
        keys = (number, BusinessKey(kind=KeyKind.EXTERNAL_ID, value=label_name(command.parcel_id)))
        file = AnswerFile(LABEL, body, media_type, keys)
        return Answer(answer.documents, answer.reference, answer.body, answer.media_type, keys, (file,))

    async def _shipments(self, effect: Effect) -> list[Obj]:
        """Return the shipments that carry the effect's key, the newest first, bought or not."""
        query = {"purchased": "false", **self._since(effect)}
        every = self._client.every("/shipments", "shipments", query)
        return [one async for one in every if one.get("reference") == effect.key]

    # --- collections ---------------------------------------------------------------------------------------------

    async def _collect(self, effect: Effect) -> Answer:
        """Ask who would come, and book the cheapest."""
        before = await self._pickups(effect) if effect.attempt > 1 else []
        booked = [one for one in before if one.get("status") == "scheduled"]
        if booked:
            return self._answer(effect, booked[0])
        if before:
            pickup = before[-1]
        else:
            pickup = await self._client.post(effect.outgoing.target, effect.outgoing.body, asks=True)
        rate = cheapest(pickup)
        body = json.dumps({"carrier": rate.get("carrier"), "service": rate.get("service")}).encode()
        return self._answer(effect, await self._client.post(f"/pickups/{pickup['id']}/buy", body))

    async def _pickups(self, effect: Effect) -> list[Obj]:
        every = self._client.every("/pickups", "pickups", self._since(effect))
        return [one async for one in every if one.get("reference") == effect.key]

    def _since(self, effect: Effect) -> dict[str, str]:
        if effect.first_sent_at is None:
            return {}
        at = (effect.first_sent_at - _CLOCKS_APART).astimezone(UTC)
        return {"start_datetime": at.isoformat(timespec="seconds").replace("+00:00", "Z")}

    # --- answers -------------------------------------------------------------------------------------------------

    def _answer(self, effect: Effect, found: Obj) -> Answer:
        body = json.dumps(found).encode()
        documents = self._read(_MAPPINGS[type(effect.command)], body, effect.command)
        told = [one for one in documents if isinstance(one, LabelDocument)]
        if not told:
            raise OutcomeUnknownError(f"EasyPost's answer says nothing about {effect.key}")
        return Answer(documents, told[0].reference, body)


_MAPPINGS: dict[type[Command], str] = {
    BookLabel: "easypost/booked",
    BookReturnLabel: "easypost/booked",
    VoidLabel: "easypost/voided",
    BookCollection: "easypost/collection",
    CancelCollection: "easypost/collection",
    CloseManifest: "easypost/manifest",
}


def label_name(parcel_id: str) -> str:
    """Return the name by which people find a label's file: `orderhub messages list label:…`."""
    return f"label:{parcel_id}"
