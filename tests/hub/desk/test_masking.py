"""What somebody without the right to see people sees instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.desk.masking import MASK, masked_body

SECRETS = ("Alice", "4711", "Berlin")


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ('{"name": "Alice", "street": {"no": 4711}, "cities": ["Berlin"]}', "application/json"),
        ("<order><name>Alice</name><street no='4711' city=\"Berlin\"/></order>", "application/xml"),
        ("<order><name>Alice</name><!-- Berlin 4711 --></order>", "application/xml"),
        ("<order><name>Alice < 4711 Berlin", "application/xml"),
        ("NAD+BY+++Alice+4711+Berlin'", "application/edifact"),
        ("Alice;4711;Berlin\n", "text/csv"),
        ('{"name": "Alice", 4711 Berlin', "application/json"),
    ],
)
def test_no_value_of_a_body_is_shown(body: str, media_type: str) -> None:
    masked = masked_body(body, media_type)
    assert all(secret not in masked for secret in SECRETS)


def test_the_structure_of_json_stays() -> None:
    masked = masked_body('{"name": "Alice", "paid": true, "note": null, "n": 1}', "application/json")
    assert '"name": "' + MASK in masked
    assert '"paid": true' in masked
    assert '"note": null' in masked


def test_the_structure_of_edi_stays() -> None:
    assert masked_body("NAD+BY+Alice'\nLIN+1'", "application/edifact") == "xxx+xx+xxxxx'\nxxx+x'"


@given(st.text(), st.sampled_from(["application/json", "text/xml", "text/plain"]))
def test_any_body_can_be_masked(body: str, media_type: str) -> None:
    marked = f'{{"k": "Alice{body}"'
    assert "Alice" not in masked_body(marked, media_type)
