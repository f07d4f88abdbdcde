"""The authoring guide: every mapping in it loads, and the first one does what it says."""

import json
import re
from decimal import Decimal
from pathlib import Path

from canonical.documents import DOCUMENT_BY_NAME, DocumentLine, OrderDocument
from canonical.parties import Party
from mappings import Environment, MappingRegistry, MappingSet
from mappings.engine.document import MODIFIERS, SOURCES
from mappings.engine.loading import KEYS
from mappings.engine.transforms.catalogue import TRANSFORMS

GUIDE = (Path(__file__).parents[2] / "mappings" / "README.md").read_text(encoding="utf-8")


def split_reference(value: str, part: int) -> str | None:
    if "/" not in value:
        raise ValueError("a reference is written as line/sku")
    return value.split("/")[part]


def examples() -> MappingSet:
    blocks: list[str] = re.findall(r"```yaml\n((?:mapping|overlay|library):.*?)```", GUIDE, re.DOTALL)
    texts = {f"{block.partition(chr(10))[0]}.yaml": block for block in blocks}
    environment = Environment(
        {**DOCUMENT_BY_NAME, "DocumentLine": DocumentLine}, {"split_reference": split_reference}
    )
    return MappingRegistry(environment).load(texts)


def first_document() -> bytes:
    found = re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1].encode()


def test_every_example_loads_without_a_warning() -> None:
    loaded = examples()
    assert len(loaded) >= 8
    assert loaded.warnings == ()


def test_the_first_example_reads_its_document() -> None:
    order = examples()["corner_shop_order"].read(first_document(), expect=OrderDocument)
    assert order.channel_ref == "450789469"
    assert order.parties is not None
    assert order.parties.buyer == Party(name="Ann Example", country="GB", email="ann@example.com")
    assert [line.reference for line in order.lines] == ["SHIRT-BLUE-M", "GIFT-WRAP"]
    assert order.total == Decimal("46.85")


def test_the_error_it_shows_is_what_one_gets() -> None:
    made = examples()["corner_shop_order"]
    (found,) = made.check(first_document().replace(b'"6.95"', b'"6,95"'))
    shown = "items[1].price (line 4, column 61) → lines[1].unit_price: decimal: this is not a number (found '6,95')"
    assert shown in str(found)
    assert shown in GUIDE


def test_the_order_that_was_read_can_be_written() -> None:
    loaded = examples()
    order = loaded["corner_shop_order"].read(first_document(), expect=OrderDocument)
    assert order.parties is not None
    raw = loaded["warehouse_order"].write(order, {"party": order.parties.ship_to}).decode()
    assert (
        '<Line number="2"><Sku>GIFT-WRAP</Sku><Quantity>1</Quantity><Price currency="GBP">6.95</Price></Line>'
        in raw
    )
    assert "<x:ShipTo><Name>Ann Example</Name><Country>GB</Country></x:ShipTo>" in raw
    assert "VERSION" not in raw


def test_transforms_at_work() -> None:
    raw = {
        "id": 7, "gid": "gid://shop/Variant/55", "title": " A \n long   title ", "units": "2.0", "price_cents": 1995,
        "currency": "GBP", "colours": "Red; BLUE;red", "width": "1.5", "height": 2, "depth": "3",
    }  # fmt: skip
    line = examples()["transforms_at_work"].read(json.dumps(raw).encode(), expect=DocumentLine)
    assert (line.id, line.reference, line.title, line.quantity) == ("00000007", "55", "A long title", 2)
    assert line.unit_price == Decimal("19.95")
    assert line.attributes == {"colours": "red, blue", "volume": "9.00"}


def test_the_guide_names_every_key_and_every_transform() -> None:
    for word in [*KEYS, *SOURCES, *MODIFIERS, *TRANSFORMS]:
        assert re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", GUIDE), word
