"""Names that begin with a digit in paths: `BEG.03`."""

import pytest

from mappings.engine.jmes_numbers import with_numbers
from mappings.engine.jmes_plain import parse_plain


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BEG.03", 'BEG."03"'),
        ("03", '"03"'),
        ("SG25[0].LIN.03_2", 'SG25[0].LIN."03_2"'),
        (
            "N1[?N1.01=='ST' && N1.02 != '04'] | [0].N3[-1].01",
            'N1[?N1."01"==\'ST\' && N1."02" != \'04\'] | [0].N3[-1]."01"',
        ),
        ("a[0:5].b", "a[0:5].b"),
        ("a[::2]", "a[::2]"),
        ('"a.03".04', '"a.03"."04"'),
        ("a[?b==`12`].03", 'a[?b==`12`]."03"'),
        ("sort_by(@, &01)", 'sort_by(@, &"01")'),
        ("line1.sku2", "line1.sku2"),
        ("a.b", "a.b"),
        ("1.5", "1.5"),
        ("a.2024", "a.2024"),
    ],
)
def test_they_are_put_in_quotes_and_nothing_else_is(written: str, meant: str) -> None:
    assert with_numbers(written) == meant


def test_they_are_plain_paths_where_the_rest_is() -> None:
    assert parse_plain(with_numbers("PO1.02")) == ("PO1", "02")
