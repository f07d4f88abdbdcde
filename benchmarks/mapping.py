"""How long a mapping takes, against the same translation written by hand in Python.

Run it as `python -m benchmarks.mapping`. An order of five lines is read from JSON and from XML, and written as both.
"whole" is from bytes to the canonical model or back; "translate" leaves out what both ways share: parsing,
validating, printing.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from lxml import etree

from canonical.documents import OrderDocument
from mappings import Environment, Mapping, compile_mapping
from mappings.engine.scope import Scope

ROUNDS, CALLS = 60, 40
NS = {"o": "urn:example:shop:order"}
METHODS = {"credit_card": "adopt", "stored_card": "stored", "till": "prepaid"}
SERVICES = {"STD": "standard", "EXP": "express"}

ADDRESS = """
        name: {from: NAME, personal: true}
        company: COMPANY
        address_lines: [STREET1, STREET2]
        city: CITY
        region: REGION
        postcode: POSTCODE
        country: {from: COUNTRY, transform: country}
        phone: PHONE
        email: EMAIL
"""

BODY = """
  channel: {value: shop}
  channel_ref: NUMBER
  source_version: {from: REVISION, transform: text}
  placed_at: {from: PLACED_AT, transform: datetime}
  currency: CURRENCY
  prices_include_tax: {from: TAX_INCLUDED, transform: boolean}
  language: {from: LOCALE, default: en}
  parties:
    fields:
      buyer: {from: BUYER, fields: {ADDRESS}}
      ship_to: {from: SHIP_TO, fields: {ADDRESS}}
      bill_to: {from: BILL_TO, fields: {ADDRESS}}
  lines:
    each: LINES
    fields:
      id: {from: LINE_ID, transform: text}
      reference: SKU
      title: {from: TITLE, default: ""}
      quantity: {from: QUANTITY, transform: int}
      unit_price: {from: UNIT_PRICE, transform: decimal}
      discounts:
        each: DISCOUNTS
        fields:
          code: CODE
          amount: {from: AMOUNT, transform: decimal}
      taxes:
        each: TAXES
        fields:
          code: CODE
          rate: {from: RATE, transform: decimal}
          amount: {from: AMOUNT, transform: decimal}
  shipping_method: {from: SERVICE, table: services}
  shipping_amount: {from: SHIPPING_AMOUNT, transform: decimal}
  total: {from: TOTAL, transform: decimal}
  tenders:
    each: PAYMENTS
    fields:
      gateway: GATEWAY
      method: {from: METHOD, table: methods}
      reference: REFERENCE
      amount: {from: AMOUNT, transform: decimal}
"""

HEAD = """
tables:
  methods: {source: "the shop's order API, 2026-10", codes: {credit_card: adopt, stored_card: stored, till: prepaid}}
  services: {source: the shop's shipping settings, codes: {STD: standard, EXP: express}}
fields:
"""

JSON_PATHS = {
    "NUMBER": "number", "REVISION": "revision", "PLACED_AT": "placed_at", "CURRENCY": "currency", "LOCALE": "locale",
    "TAX_INCLUDED": "tax_included", "BUYER": "customer", "SHIP_TO": "delivery.address", "BILL_TO": "billing.address",
    "LINES": "items", "LINE_ID": "id", "SKU": "variant.sku", "TITLE": "title", "QUANTITY": "quantity",
    "UNIT_PRICE": "price.amount", "DISCOUNTS": "discounts", "TAXES": "taxes", "CODE": "code", "RATE": "rate",
    "SERVICE": "delivery.service", "SHIPPING_AMOUNT": "delivery.price.amount", "TOTAL": "totals.grand.amount",
    "PAYMENTS": "payments", "GATEWAY": "gateway", "METHOD": "method", "REFERENCE": "transaction", "AMOUNT": "amount",
    "NAME": "name", "COMPANY": "company", "STREET1": "street1", "STREET2": "street2", "CITY": "city",
    "REGION": "region", "POSTCODE": "postcode", "COUNTRY": "country", "PHONE": "phone", "EMAIL": "email",
}  # fmt: skip
XML_PATHS = {
    "NUMBER": "o:Header/o:Number", "REVISION": "@revision", "PLACED_AT": "o:Header/o:PlacedAt",
    "CURRENCY": "o:Header/o:Currency", "LOCALE": "o:Header/o:Locale", "TAX_INCLUDED": "o:Header/o:TaxIncluded",
    "BUYER": "o:Customer", "SHIP_TO": "o:Delivery/o:Address", "BILL_TO": "o:Billing/o:Address",
    "LINES": "o:Items/o:Item", "LINE_ID": "@id", "SKU": "o:Variant/o:Sku", "TITLE": "o:Title",
    "QUANTITY": "o:Quantity", "UNIT_PRICE": "o:Price", "DISCOUNTS": "o:Discount", "TAXES": "o:Tax", "CODE": "@code",
    "RATE": "o:Rate", "SERVICE": "o:Delivery/o:Service", "SHIPPING_AMOUNT": "o:Delivery/o:Price",
    "TOTAL": "o:Totals/o:Grand", "PAYMENTS": "o:Payments/o:Payment", "GATEWAY": "o:Gateway", "METHOD": "o:Method",
    "REFERENCE": "o:Transaction", "AMOUNT": "o:Amount", "NAME": "o:Name", "COMPANY": "o:Company",
    "STREET1": "o:Street1", "STREET2": "o:Street2", "CITY": "o:City", "REGION": "o:Region",
    "POSTCODE": "o:Postcode", "COUNTRY": "o:Country", "PHONE": "o:Phone", "EMAIL": "o:Email",
}  # fmt: skip

WRITE_JSON = """
mapping: order_to_json
version: 1
writes: json
source: OrderDocument
fields:
  number: channel_ref
  placedAt: {from: placed_at, transform: format_datetime}
  currency: currency
  shipTo:
    from: parties.ship_to
    fields:
      name: name
      company: company
      street: "address_lines[0]"
      city: city
      postcode: postcode
      country: country
      phone: phone
  lines:
    each: lines
    fields:
      number: {counter: 1}
      id: id
      sku: reference
      title: title
      quantity: quantity
      price: {from: unit_price, transform: {format_decimal: 2}}
  total: {from: total, transform: {format_decimal: 2}}
"""

WRITE_XML = """
mapping: order_to_xml
version: 1
writes: xml
source: OrderDocument
syntax: {namespaces: {"": "urn:example:shop:order"}}
fields:
  Order:
    fields:
      Number: channel_ref
      PlacedAt: {from: placed_at, transform: format_datetime}
      Currency: currency
      ShipTo:
        from: parties.ship_to
        fields:
          Name: name
          Company: company
          Street: "address_lines[0]"
          City: city
          Postcode: postcode
          Country: country
          Phone: phone
      Lines:
        fields:
          Line:
            each: lines
            fields:
              "@number": {counter: 1}
              Id: id
              Sku: reference
              Title: title
              Quantity: quantity
              Price: {from: unit_price, transform: {format_decimal: 2}}
      Total: {from: total, transform: {format_decimal: 2}}
"""


def read_mapping(name: str, head: str, paths: dict[str, str]) -> str:
    """Return a mapping's text, its paths put in."""
    address = ADDRESS.replace("\n        ", ", ").strip(", \n")
    body = BODY.replace("ADDRESS", address)
    for word in sorted(paths, key=len, reverse=True):
        body = body.replace(f": {word}", f": {quoted(paths[word])}").replace(
            f"[{word},", f"[{quoted(paths[word])},"
        )
        body = body.replace(f", {word}]", f", {quoted(paths[word])}]")
    return f"mapping: {name}\nversion: 1\ntarget: OrderDocument\n{head}{HEAD}{body}"


def quoted(path: str) -> str:
    """Return a path as YAML takes it everywhere."""
    return f'"{path}"'


def document() -> dict[str, Any]:
    """Return an order of five lines, as the shop's JSON has it."""
    person = {
        "name": "Ann Example", "company": "Example & Daughters Ltd", "street1": "1 High Street", "street2": "Flat 4",
        "city": "Leeds", "region": "West Yorkshire", "postcode": "LS1 1AA", "country": "GB",
        "phone": "+44 113 496 0000", "email": "ann@example.com",
    }  # fmt: skip
    lines = [
        {
            "id": 70001 + i, "product_id": f"gid://shop/Product/{88100 + i}", "fulfilment": "warehouse",
            "variant": {"id": 91000 + i, "sku": f"SKU-{i:04}-BLUE-M", "barcode": f"50123456789{i:02}"},
            "title": f"Organic cotton shirt, number {i}", "quantity": i + 1, "requires_shipping": True,
            "price": {"amount": f"{19 + i}.95", "currency": "GBP"}, "weight": {"value": 240, "unit": "g"},
            "discounts": [{"code": "AUTUMN", "amount": "1.50", "kind": "percentage"}],
            "taxes": [{"code": "VAT", "rate": "0.20", "amount": f"{3 + i}.33"}],
        }
        for i in range(5)
    ]  # fmt: skip
    return {
        "id": 5512340001, "number": "WEB-100234", "revision": 3, "placed_at": "2026-11-20T14:03:22+01:00",
        "currency": "GBP", "locale": "en-GB", "tax_included": True, "customer": person, "note": "Leave with neighbour",
        "billing": {"address": person}, "items": lines, "tags": ["gift", "newsletter"], "source": "web",
        "delivery": {"address": person, "service": "EXP", "price": {"amount": "4.95", "currency": "GBP"}},
        "totals": {"grand": {"amount": "352.20", "currency": "GBP"}, "tax": {"amount": "26.65", "currency": "GBP"}},
        "payments": [
            {"gateway": "stripe", "method": "credit_card", "transaction": "pi_3NxyzABC", "amount": "352.20"},
        ],
    }  # fmt: skip


def as_xml(order: dict[str, Any]) -> bytes:
    """Return the same order as XML, with what the mapping reads, indented as partners send it."""

    def person(name: str, data: dict[str, Any]) -> str:
        parts = "".join(
            f"<{k.title()}>{str(v).replace('&', '&amp;')}</{k.title()}>\n" for k, v in data.items()
        )
        return f"<{name}>\n{parts}</{name}>\n"

    items = "".join(
        f'<Item id="{line["id"]}">\n<Variant><Sku>{line["variant"]["sku"]}</Sku></Variant>\n'
        f"<Title>{line['title']}</Title>\n<Quantity>{line['quantity']}</Quantity>\n"
        f"<Price>{line['price']['amount']}</Price>\n"
        f'<Discount code="AUTUMN"><Amount>1.50</Amount></Discount>\n'
        f'<Tax code="VAT"><Rate>0.20</Rate><Amount>{line["taxes"][0]["amount"]}</Amount></Tax>\n</Item>\n'
        for line in order["items"]
    )
    payment = order["payments"][0]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Order xmlns="{NS["o"]}" revision="3">\n'
        f"<Header>\n<Number>{order['number']}</Number>\n<PlacedAt>{order['placed_at']}</PlacedAt>\n"
        f"<Currency>GBP</Currency>\n<Locale>en-GB</Locale>\n<TaxIncluded>true</TaxIncluded>\n</Header>\n"
        f"{person('Customer', order['customer'])}<Billing>{person('Address', order['customer'])}</Billing>\n"
        f"<Delivery>{person('Address', order['customer'])}<Service>EXP</Service><Price>4.95</Price></Delivery>\n"
        f"<Items>\n{items}</Items>\n<Totals><Grand>352.20</Grand></Totals>\n<Payments><Payment>"
        f"<Gateway>{payment['gateway']}</Gateway><Method>credit_card</Method>"
        f"<Transaction>{payment['transaction']}</Transaction><Amount>352.20</Amount></Payment></Payments>\n</Order>\n"
    ).encode()


# ---- the same by hand -----------------------------------------------------------------------------------------


def party_from_json(data: dict[str, Any]) -> dict[str, Any]:
    """Return a party."""
    return {
        "name": data["name"],
        "company": data.get("company"),
        "address_lines": [line for line in (data.get("street1"), data.get("street2")) if line],
        "city": data.get("city"),
        "region": data.get("region"),
        "postcode": data.get("postcode"),
        "country": data["country"],
        "phone": data.get("phone"),
        "email": data.get("email"),
    }


def from_json(order: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the canonical model."""
    delivery = order["delivery"]
    return {
        "channel": "shop",
        "channel_ref": order["number"],
        "source_version": str(order["revision"]),
        "placed_at": datetime.fromisoformat(order["placed_at"]).astimezone(UTC),
        "currency": order["currency"],
        "prices_include_tax": order["tax_included"],
        "language": order.get("locale", "en"),
        "parties": {
            "buyer": party_from_json(order["customer"]),
            "ship_to": party_from_json(delivery["address"]),
            "bill_to": party_from_json(order["billing"]["address"]),
        },
        "lines": [
            {
                "id": str(line["id"]),
                "reference": line["variant"]["sku"],
                "title": line.get("title", ""),
                "quantity": int(line["quantity"]),
                "unit_price": Decimal(line["price"]["amount"]),
                "discounts": [
                    {"code": one["code"], "amount": Decimal(one["amount"])}
                    for one in line.get("discounts", [])
                ],
                "taxes": [
                    {"code": tax["code"], "rate": Decimal(tax["rate"]), "amount": Decimal(tax["amount"])}
                    for tax in line.get("taxes", [])
                ],
            }
            for line in order["items"]
        ],
        "shipping_method": SERVICES[delivery["service"]],
        "shipping_amount": Decimal(delivery["price"]["amount"]),
        "total": Decimal(order["totals"]["grand"]["amount"]),
        "tenders": [
            {
                "gateway": payment["gateway"],
                "method": METHODS[payment["method"]],
                "reference": payment.get("transaction"),
                "amount": Decimal(payment["amount"]),
            }
            for payment in order["payments"]
        ],
    }


def text(element: Any, path: str) -> str:
    """Return the text of a child; it must be there."""
    found = element.findtext(path, namespaces=NS)
    if found is None:
        raise ValueError(path)
    return str(found)


def party_from_xml(element: Any) -> dict[str, Any]:
    """Return a party."""
    streets = (element.findtext("o:Street1", namespaces=NS), element.findtext("o:Street2", namespaces=NS))
    return {
        "name": text(element, "o:Name"),
        "company": element.findtext("o:Company", namespaces=NS),
        "address_lines": [line for line in streets if line],
        "city": element.findtext("o:City", namespaces=NS),
        "region": element.findtext("o:Region", namespaces=NS),
        "postcode": element.findtext("o:Postcode", namespaces=NS),
        "country": text(element, "o:Country"),
        "phone": element.findtext("o:Phone", namespaces=NS),
        "email": element.findtext("o:Email", namespaces=NS),
    }


def from_xml(order: Any) -> dict[str, Any]:
    """Return the values of the canonical model."""
    header, delivery = order.find("o:Header", NS), order.find("o:Delivery", NS)
    return {
        "channel": "shop",
        "channel_ref": text(header, "o:Number"),
        "source_version": order.get("revision"),
        "placed_at": datetime.fromisoformat(text(header, "o:PlacedAt")).astimezone(UTC),
        "currency": text(header, "o:Currency"),
        "prices_include_tax": text(header, "o:TaxIncluded") == "true",
        "language": header.findtext("o:Locale", "en", namespaces=NS),
        "parties": {
            "buyer": party_from_xml(order.find("o:Customer", NS)),
            "ship_to": party_from_xml(delivery.find("o:Address", NS)),
            "bill_to": party_from_xml(order.find("o:Billing/o:Address", NS)),
        },
        "lines": [
            {
                "id": line.get("id"),
                "reference": text(line, "o:Variant/o:Sku"),
                "title": line.findtext("o:Title", "", namespaces=NS),
                "quantity": int(text(line, "o:Quantity")),
                "unit_price": Decimal(text(line, "o:Price")),
                "discounts": [
                    {"code": one.get("code"), "amount": Decimal(text(one, "o:Amount"))}
                    for one in line.findall("o:Discount", NS)
                ],
                "taxes": [
                    {
                        "code": tax.get("code"),
                        "rate": Decimal(text(tax, "o:Rate")),
                        "amount": Decimal(text(tax, "o:Amount")),
                    }
                    for tax in line.findall("o:Tax", NS)
                ],
            }
            for line in order.findall("o:Items/o:Item", NS)
        ],
        "shipping_method": SERVICES[text(delivery, "o:Service")],
        "shipping_amount": Decimal(text(delivery, "o:Price")),
        "total": Decimal(text(order, "o:Totals/o:Grand")),
        "tenders": [
            {
                "gateway": text(payment, "o:Gateway"),
                "method": METHODS[text(payment, "o:Method")],
                "reference": payment.findtext("o:Transaction", namespaces=NS),
                "amount": Decimal(text(payment, "o:Amount")),
            }
            for payment in order.findall("o:Payments/o:Payment", NS)
        ],
    }


def to_json(order: OrderDocument) -> bytes:
    """Return the order as a warehouse's JSON."""
    to = order.parties.ship_to
    address = {
        "name": to.name, "company": to.company, "street": to.address_lines[0] if to.address_lines else None,
        "city": to.city, "postcode": to.postcode, "country": to.country, "phone": to.phone,
    }  # fmt: skip
    return orjson.dumps(
        {
            "number": order.channel_ref,
            "placedAt": order.placed_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "currency": order.currency,
            "shipTo": {key: value for key, value in address.items() if value},
            "lines": [
                {
                    "number": i,
                    "id": line.id,
                    "sku": line.reference,
                    "title": line.title,
                    "quantity": line.quantity,
                    "price": f"{line.unit_price:.2f}",
                }
                for i, line in enumerate(order.lines, 1)
            ],
            "total": f"{order.total:.2f}",
        },
    )


def to_xml(order: OrderDocument) -> bytes:
    """Return the order as a warehouse's XML."""
    root = etree.Element("Order", nsmap={None: NS["o"]})

    def add(parent: Any, name: str, value: object) -> None:
        if value is not None:
            etree.SubElement(parent, name).text = str(value)

    add(root, "Number", order.channel_ref)
    add(root, "PlacedAt", order.placed_at.astimezone(UTC).isoformat().replace("+00:00", "Z"))
    add(root, "Currency", order.currency)
    to, address = order.parties.ship_to, etree.SubElement(root, "ShipTo")
    add(address, "Name", to.name)
    add(address, "Company", to.company)
    add(address, "Street", to.address_lines[0] if to.address_lines else None)
    add(address, "City", to.city)
    add(address, "Postcode", to.postcode)
    add(address, "Country", to.country)
    add(address, "Phone", to.phone)
    lines = etree.SubElement(root, "Lines")
    for i, line in enumerate(order.lines, 1):
        element = etree.SubElement(lines, "Line", number=str(i))
        add(element, "Id", line.id)
        add(element, "Sku", line.reference)
        add(element, "Title", line.title)
        add(element, "Quantity", line.quantity)
        add(element, "Price", f"{line.unit_price:.2f}")
    add(root, "Total", f"{order.total:.2f}")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


# ---- measuring ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Contest:
    """The same work, done in two ways."""

    name: str
    size: int
    by_hand: Callable[[], Any]
    by_mapping: Callable[[], Any]
    plain: Callable[[Any], Any]
    """What is compared of the two results."""


def contests() -> list[Contest]:
    """Return what is measured, each pair checked to give the same."""
    environment = Environment({"OrderDocument": OrderDocument})
    namespaces = f'reads: xml\nsyntax: {{namespaces: {{o: "{NS["o"]}"}}}}\n'
    read_json = compile_mapping(read_mapping("json_order", "reads: json\n", JSON_PATHS), environment)
    read_xml = compile_mapping(read_mapping("xml_order", namespaces, XML_PATHS), environment)
    write_json, write_xml = compile_mapping(WRITE_JSON, environment), compile_mapping(WRITE_XML, environment)
    raw_json = json.dumps(document(), indent=1).encode()
    raw_xml = as_xml(document())
    model = OrderDocument.model_validate(from_json(document()))
    tree, root = json.loads(raw_json), etree.fromstring(raw_xml)
    validate = OrderDocument.model_validate
    return [
        Contest(
            "read JSON, whole", len(raw_json),
            lambda: validate(from_json(json.loads(raw_json, parse_float=Decimal))), lambda: read_json.read(raw_json),
            OrderDocument.model_dump_json,
        ),
        Contest(
            "read JSON, translate", len(raw_json), lambda: from_json(tree), lambda: build(read_json, tree), validate,
        ),
        Contest(
            "read XML, whole", len(raw_xml),
            lambda: validate(from_xml(etree.fromstring(raw_xml))), lambda: read_xml.read(raw_xml),
            OrderDocument.model_dump_json,
        ),
        Contest("read XML, translate", len(raw_xml), lambda: from_xml(root), lambda: build(read_xml, root), validate),
        Contest(
            "write JSON, whole", len(to_json(model)), lambda: to_json(model), lambda: write_json.write(model),
            orjson.loads,
        ),
        Contest(
            "write XML, whole", len(to_xml(model)), lambda: to_xml(model), lambda: write_xml.write(model),
            lambda raw: etree.tostring(etree.fromstring(raw), method="c14n"),
        ),
    ]  # fmt: skip


def build(mapping: Mapping, root: Any) -> Any:
    """Return what a mapping builds of a parsed document, before the model sees it."""
    node = mapping.parts.language.enter(root)
    return mapping.parts.build(node, Scope.start(node, {}))


def measure(contest: Contest) -> tuple[float, float]:
    """Return the best microseconds of both ways. Their rounds take turns, and other work on the machine only adds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, found in zip((contest.by_hand, contest.by_mapping), times, strict=True):
            start = time.perf_counter()
            for _ in range(CALLS):
                work()
            found.append((time.perf_counter() - start) / CALLS * 1e6)
    return min(times[0]), min(times[1])


def main() -> int:
    """Print the ratios; fail where a mapping takes more than twice as long, or gives something else."""
    worst = 0.0
    print(f"{'':24}{'bytes':>8}{'by hand':>12}{'mapping':>12}{'ratio':>8}")
    for contest in contests():
        hand, mapped = contest.by_hand(), contest.by_mapping()
        if contest.plain(hand) != contest.plain(mapped):
            print(f"{contest.name}: the two give different results")
            return 1
        by_hand, by_mapping = measure(contest)
        ratio = by_mapping / by_hand
        worst = max(worst, ratio)
        print(f"{contest.name:24}{contest.size:>8}{by_hand:>9.1f} µs{by_mapping:>9.1f} µs{ratio:>8.2f}")
    return 0 if worst <= 2 else 1  # noqa: PLR2004 - the target


if __name__ == "__main__":
    sys.exit(main())
