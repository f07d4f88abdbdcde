"""Stock at the shop: by SKU or variant, compared before it is set, never guessed."""

import pytest

from core.errors import RejectedError
from core.ports import StockOffer
from tests.connectors.shopify.stage import CUPS_AND_POT, stage


def offer(reference: str, quantity: int, told: int | None = None, attempt: int = 1) -> StockOffer:
    return StockOffer(reference, reference, quantity, told, attempt)


async def test_a_variant_may_be_named_by_its_number() -> None:
    async with stage() as on:
        cup = on.shop.books.variants["CUP"]
        assert not (await on.stock.tell("a", [offer(str(cup.number), 7)])).refused
        assert cup.available == 7


async def test_a_sale_that_brings_the_figure_where_it_is_to_be_needs_no_telling() -> None:
    async with stage() as on:
        await on.stock.tell("a", [offer("CUP", 10)])
        on.shop.place(CUPS_AND_POT)
        answer = await on.stock.tell("b", [offer("CUP", 8, told=10)])
        assert (answer.later, answer.refused) == ({}, {})
        assert [entry["quantity"] for entry in on.ledger.of("stock_set")] == [10]


async def test_a_figure_that_moves_between_reading_and_writing_is_read_again() -> None:
    async with stage() as on:
        calls = on.shop.api.calls

        class Selling(list[str]):
            """Sells a cup after the figures were read."""

            def append(self, call: str) -> None:
                super().append(call)
                if call == "mutation SetQuantities":
                    on.shop.books.variants["CUP"].available -= 1

        on.shop.api.calls = Selling(calls)
        answer = await on.stock.tell("a", [offer("CUP", 10), offer("POT", 3)])
        assert set(answer.later) == {"CUP", "POT"}
        assert on.ledger.of("stock_set") == []


async def test_what_can_not_be_set_is_refused_with_the_way_out() -> None:
    async with stage() as on:
        on.shop.stock("LOOSE", 1, tracked=False)
        on.shop.stock("ELSEWHERE", 1, stocked=False)
        on.shop.stock("twin", 1)
        on.shop.books.variants["TWIN"] = on.shop.stock("twin", 1)
        on.shop.books.variants["other"] = on.shop.stock("twin", 1)
        on.shop.books.variants["more"] = on.shop.books.variants["other"]
        answer = await on.stock.tell(
            "a", [offer("LOOSE", 1), offer("ELSEWHERE", 1), offer("twin", 1), offer("NO", 1), offer("CUP", 4)]
        )
        assert {name: reason.split(":")[0] for name, reason in answer.refused.items()} == {
            "LOOSE": "Shopify does not track the stock of LOOSE",
            "ELSEWHERE": "ELSEWHERE is not stocked at the location",
            "twin": answer.refused["twin"].split(":")[0],
            "NO": "Shopify has no variant with the SKU or number NO",
        }
        assert "variants with the SKU twin" in answer.refused["twin"]
        assert on.shop.books.variants["CUP"].available == 4


async def test_a_sku_may_hold_any_character() -> None:
    async with stage() as on:
        name = 'a "cup" \\ of OR'
        on.shop.stock(name, 1)
        assert not (await on.stock.tell("a", [offer(name, 4)])).refused
        assert on.shop.books.variants[name].available == 4


async def test_a_location_that_shopify_does_not_know_refuses_the_item() -> None:
    async with stage() as on:
        sink = on.open(stock_location="gid://shopify/Location/99").stock
        assert sink is not None
        assert "is not stocked" in (await sink.tell("a", [offer("CUP", 4)])).refused["CUP"]


async def test_an_error_that_is_no_conflict_refuses_the_whole_call() -> None:
    async with stage() as on:
        cup = on.shop.books.variants["CUP"]
        real = cup.tracked

        class Vanishing(list[str]):
            """Takes the variant away after the figures were read."""

            def append(self, call: str) -> None:
                super().append(call)
                if call == "mutation SetQuantities":
                    on.shop.books.variants.pop("CUP")

        on.shop.api.calls = Vanishing(on.shop.api.calls)
        assert real
        with pytest.raises(RejectedError, match="could not be found") as refused:
            await on.stock.tell("a", [offer("CUP", 4)])
        assert refused.value.code == "INVALID_INVENTORY_ITEM"


async def test_without_a_location_the_shop_is_not_told_of_stock() -> None:
    async with stage(stock=False) as on:
        assert on.connector.stock is None
