"""GS1 XML messages as a 3PL writes them, one shipment each unless more are put in."""

SH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"


def message(kind: str, *documents: str) -> bytes:
    """A message of any number of documents under one header; `kind` as in `warehousing_outbound_notification`."""
    name = _camel(kind)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<m:{name}Message xmlns:m="urn:gs1:ecom:{kind}:xsd:3" xmlns:sh="{SH}">
  <sh:StandardBusinessDocumentHeader>
    <sh:HeaderVersion>1.0</sh:HeaderVersion>
    <sh:Sender><sh:Identifier Authority="GS1">4098765000010</sh:Identifier></sh:Sender>
    <sh:Receiver><sh:Identifier Authority="GS1">4012345000009</sh:Identifier></sh:Receiver>
    <sh:DocumentIdentification>
      <sh:Standard>GS1</sh:Standard><sh:TypeVersion>3.4</sh:TypeVersion>
      <sh:InstanceIdentifier>M-1</sh:InstanceIdentifier><sh:Type>{name}</sh:Type>
      <sh:CreationDateAndTime>2026-11-20T12:00:00Z</sh:CreationDateAndTime>
    </sh:DocumentIdentification>
  </sh:StandardBusinessDocumentHeader>
  {"".join(documents)}
</m:{name}Message>""".encode()


def document(kind: str, number: str, *parts: str) -> str:
    """One document with its head."""
    name = _camel(kind)
    return f"""<{name}>
    <creationDateTime>2026-11-20T12:00:00Z</creationDateTime><documentStatusCode>ORIGINAL</documentStatusCode>
    <{name}Identification><entityIdentification>{number}</entityIdentification></{name}Identification>
    {"".join(parts)}</{name}>"""


def item(sku: str = "CUP", quantity: str = "2") -> str:
    """Some units that left."""
    return f"""<warehousingOutboundNotificationShipmentItem><lineItemNumber>1</lineItemNumber>
      <transactionalTradeItem><gtin>04012345000016</gtin><additionalTradeItemIdentification
        additionalTradeItemIdentificationTypeCode="BUYER_ASSIGNED">{sku}</additionalTradeItemIdentification>
      </transactionalTradeItem><actualDespatchQuantity>{quantity}</actualDespatchQuantity>
    </warehousingOutboundNotificationShipmentItem>"""


def parcel(
    shipment: str = "P-1", release: str = "R-1", items: str = "", left: str = "", tracking: str = "T-1"
) -> str:
    """A shipment that left at noon."""
    at = left or "<date>2026-11-20</date><time>13:00:00+01:00</time>"
    return f"""<warehousingOutboundNotificationShipment>
    <shipmentIdentification><additionalShipmentIdentification
      additionalShipmentIdentificationTypeCode="SHIPPER_ASSIGNED">{shipment}</additionalShipmentIdentification>
    </shipmentIdentification>
    <shipper><gln>4098765000010</gln></shipper><receiver><gln>4012345000009</gln></receiver>
    <warehousingOutboundStatusCode>DESPATCHED</warehousingOutboundStatusCode>
    <actualDespatch><logisticEventDateTime>{at}</logisticEventDateTime></actualDespatch>
    <shipmentTransportationInformation><carrier><additionalPartyIdentification
      additionalPartyIdentificationTypeCode="SCAC">DHL</additionalPartyIdentification></carrier>
    </shipmentTransportationInformation>
    <carrierTrackAndTraceInformation><packageTrackingNumber>{tracking}</packageTrackingNumber>
    </carrierTrackAndTraceInformation>
    <warehousingOutboundInstruction><entityIdentification>{release}</entityIdentification></warehousingOutboundInstruction>
    {items or item()}
  </warehousingOutboundNotificationShipment>"""


def dispatches(*shipments: str) -> bytes:
    """A notification of shipments."""
    kind = "warehousing_outbound_notification"
    return message(kind, document(kind, "N-1", *(shipments or (parcel(),))))


def returned(condition: str = "", site: str = "berlin") -> bytes:
    """A notification that a cup came back."""
    kind = "warehousing_inbound_notification"
    said = (
        f"<warehousingInboundExceptionCode>{condition}</warehousingInboundExceptionCode>" if condition else ""
    )
    shipment = f"""<warehousingInboundNotificationShipment>
    <shipmentIdentification><gsin>40123450000000016</gsin></shipmentIdentification>
    <shipper><gln>4012345000009</gln></shipper><receiver><gln>4098765000010</gln></receiver>
    <inventoryLocation><additionalPartyIdentification additionalPartyIdentificationTypeCode="BUYER_ASSIGNED">{site}
    </additionalPartyIdentification></inventoryLocation>
    <transactionalReference><entityIdentification>R-1</entityIdentification></transactionalReference>
    <warehousingInboundStatusCode>RECEIVED</warehousingInboundStatusCode>{said}
    <actualReceipt><logisticEventDateTime><date>2026-11-20</date></logisticEventDateTime></actualReceipt>
    <warehousingInboundNotificationShipmentItem><lineItemNumber>1</lineItemNumber>
      <transactionalTradeItem><gtin>04012345000016</gtin></transactionalTradeItem>
      <actualReceiptQuantity>1</actualReceiptQuantity></warehousingInboundNotificationShipmentItem>
  </warehousingInboundNotificationShipment>"""
    return message(kind, document(kind, "N-2", shipment))


def inventory(*held: tuple[str, str, str]) -> bytes:
    """A report of SKU, quantity and disposition, each at a sub-location of its own."""
    kind = "logistics_inventory_report"
    statuses = "".join(
        f"""<tradeItemInventoryStatus><additionalTradeItemIdentification
        additionalTradeItemIdentificationTypeCode="BUYER_ASSIGNED">{sku}</additionalTradeItemIdentification>
      <tradeItemQuantity>{quantity}</tradeItemQuantity>
      <inventoryDispositionCode>{disposition}</inventoryDispositionCode></tradeItemInventoryStatus>"""
        for sku, quantity, disposition in held
    )
    site = "<additionalPartyIdentification>berlin</additionalPartyIdentification>"
    place = f"<inventoryLocation>{site}</inventoryLocation>"
    location = "logisticsInventoryReportInventoryLocation"
    return message(kind, document(kind, "I-1", f"<{location}>{place}{statuses}</{location}>"))


def _camel(kind: str) -> str:
    first, *rest = kind.split("_")
    return first + "".join(word.capitalize() for word in rest)
