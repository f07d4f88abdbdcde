"""What is found with a small description of our own, written once in each version of OpenAPI."""

import json
from typing import Any

import pytest

from tests.vendor_specs.exchange import Exchange
from tests.vendor_specs.openapi import OpenApi
from tests.vendor_specs.schemas import Younger

CUP = {
    "type": "object",
    "required": ["sku"],
    "properties": {
        "sku": {"type": "string"},
        "count": {"type": "integer"},
        "made": {"type": "string", "format": "date-time"},
        "glaze": {"type": "string", "enum": ["matt", "shiny"]},
    },
}
LIMIT = {"name": "limit", "in": "query", "required": True}
OLD = {
    "swagger": "2.0",
    "basePath": "/shop",
    "definitions": {"Cup": CUP},
    "paths": {
        "/cups": {
            "get": {
                "operationId": "listCups",
                "parameters": [{**LIMIT, "type": "integer", "maximum": 10}],
                "responses": {"200": {"schema": {"type": "array", "items": {"$ref": "#/definitions/Cup"}}}},
            },
            "post": {
                "operationId": "addCup",
                "parameters": [{"name": "cup", "in": "body", "schema": {"$ref": "#/definitions/Cup"}}],
                "responses": {"204": {"description": "taken"}},
            },
        },
        "/cups/{sku}": {
            "get": {
                "operationId": "getCup",
                "parameters": [
                    {"name": "sku", "in": "path", "required": True, "type": "string", "maxLength": 3}
                ],
                "responses": {"200": {"schema": {"$ref": "#/definitions/Cup"}}},
            }
        },
    },
}
FORM = {
    "type": "object",
    "required": ["cup"],
    "properties": {
        "cup": {**CUP, "nullable": True},
        "notes": {"type": "object", "additionalProperties": {"type": "string"}},
        "sizes": {
            "anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string", "enum": [""]}]
        },
    },
}
NEW = {
    "openapi": "3.0.0",
    "components": {"schemas": {"Cup": {**CUP, "additionalProperties": False}}},
    "paths": {
        "/v1/cups": {
            "get": {
                "parameters": [{**LIMIT, "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cup"}}}
                    },
                    "default": {"content": {"application/json": {"schema": {"type": "object"}}}},
                },
            },
            "post": {
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": FORM}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
            },
        }
    },
}
NOTHING = Younger()
JSON = {"content-type": "application/json; charset=utf-8"}


def wrong(document: dict[str, Any], exchange: Exchange, younger: Younger = NOTHING) -> list[str]:
    api = OpenApi(document, younger)
    operation = api.find(exchange)
    assert operation is not None
    return [*api.wrong_in_request(operation, exchange), *api.wrong_in_answer(operation, exchange)]


def got(*, path: str = "/shop/cups/CUP", query: str = "", status: int = 200, answer: Any = None) -> Exchange:
    raw = json.dumps({"sku": "CUP"} if answer is None else answer).encode()
    return Exchange("GET", path, query, status=status, answer=raw, answer_headers=JSON)


def added(body: Any, document: dict[str, Any] = OLD) -> list[str]:
    return wrong(
        document, Exchange("POST", "/shop/cups", headers=JSON, body=json.dumps(body).encode(), status=204)
    )


def posted(form: str, younger: Younger = NOTHING) -> list[str]:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    exchange = Exchange("POST", "/v1/cups", "", headers, form.encode(), 200, JSON, b"{}")
    return wrong(NEW, exchange, younger)


def test_what_is_as_described_is_nothing_to_speak_of() -> None:
    assert wrong(OLD, got()) == []
    assert wrong(OLD, got(path="/shop/cups", query="limit=5", answer=[{"sku": "CUP", "count": 2}])) == []
    assert added({"sku": "CUP", "made": "2026-11-20T12:00:00Z", "glaze": "matt"}) == []
    assert posted("cup[sku]=CUP&cup[count]=2&notes[any]=thing&sizes[0]=1&sizes[1]=2") == []


def test_an_unknown_path_or_method_is_no_operation() -> None:
    api = OpenApi(OLD)
    assert api.find(Exchange("GET", "/shop/plates")) is None
    assert api.find(Exchange("GET", "/cups")) is None
    assert api.find(Exchange("DELETE", "/shop/cups")) is None


@pytest.mark.parametrize(
    ("cup", "said"),
    [
        ({"sku": 7}, "sku: 7 is not of type 'string'"),
        ({}, "it: 'sku' is a required property"),
        ({"sku": "CUP", "colour": "red"}, "it: the field 'colour' is not known"),
        ({"sku": "CUP", "glaze": "none"}, "glaze: 'none' is not one of ['matt', 'shiny']"),
        ({"sku": "CUP", "made": "2026-11-20T12:00:00"}, "made: '2026-11-20T12:00:00' is not a 'date-time'"),
        ({"sku": "CUP", "count": None}, "count: None is not of type 'integer'"),
    ],
)
def test_a_body_that_is_otherwise_is_found_whichever_way_it_goes(cup: dict[str, Any], said: str) -> None:
    assert added(cup) == [f"body {said}"]
    assert wrong(OLD, got(answer=cup)) == [said]


def test_parameters_are_checked_as_what_they_mean() -> None:
    def listed(query: str) -> list[str]:
        return wrong(OLD, got(path="/shop/cups", answer=[], query=query))

    assert listed("limit=11") == ["query limit: 11 is greater than the maximum of 10"]
    assert listed("limit=few") == ["query limit: 'few' is not of type 'integer'"]
    assert listed("") == ["query it: 'limit' is a required property"]
    assert listed("limit=1&page=2") == ["query it: the field 'page' is not known"]
    assert wrong(OLD, got(path="/shop/cups/CUPS")) == ["path sku: 'CUPS' is too long"]


def test_an_answer_has_a_status_and_a_body_that_are_described() -> None:
    assert wrong(OLD, got(status=404)) == ["status: there is no answer 404"]
    assert wrong(NEW, got(path="/v1/cups", query="limit=1", status=404, answer={"any": 1})) == []
    page = Exchange(
        "GET", "/shop/cups/CUP", status=200, answer=b"<html>", answer_headers={"content-type": "text/html"}
    )
    assert wrong(OLD, page) == ["content-type: text/html is not application/json"]
    cut = Exchange("GET", "/shop/cups/CUP", status=200, answer=b'{"sku"', answer_headers=JSON)
    assert wrong(OLD, cut) == ["it is not JSON"]
    talkative = Exchange("POST", "/shop/cups", "", JSON, b'{"sku": "CUP"}', 204, JSON, b"{}")
    assert wrong(OLD, talkative) == ["body: there should be none"]


def test_a_form_is_read_into_the_types_that_are_meant() -> None:
    assert posted("notes[a]=1") == ["body it: 'cup' is a required property"]
    assert posted("cup[sku]=CUP&cup[count]=many") == ["body cup.count: 'many' is not of type 'integer'"]
    assert posted("cup[sku]=CUP&sizes=") == []
    assert posted("cup[sku]=CUP&saucer=1") == ["body it: the field 'saucer' is not known"]
    assert len(posted("cup[sku]=CUP&sizes[0]=large")) == 1


def test_a_field_or_a_value_may_be_younger_than_the_description() -> None:
    sent = "cup[sku]=CUP&cup[glaze]=salt&saucer=1"
    assert len(posted(sent)) == 2
    assert posted(sent, Younger(frozenset({"saucer"}), frozenset({"salt"}))) == []


def test_null_is_a_value_only_where_it_may_be() -> None:
    document = {
        **NEW,
        "components": {"schemas": {"Cup": {"type": "string", "nullable": True, "enum": ["a"]}}},
    }
    told = Exchange("GET", "/v1/cups", "limit=1", status=200, answer=b"null", answer_headers=JSON)
    assert wrong(document, told) == []
    assert wrong(NEW, told) == ["it: None is not of type 'object'"]
