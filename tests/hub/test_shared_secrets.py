"""cXML's SharedSecret is put into what is sent, and taken out of what comes, whatever is done to hide it."""

import pytest

from hub.shared_secrets import put_in, taken_out

DOCTYPE = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">'
SAID = f'<?xml version="1.0" encoding="UTF-8"?>{DOCTYPE}<cXML payloadID="1"><Sender>%s</Sender></cXML>'


def document(inside: str) -> bytes:
    return (SAID % inside).encode()


def test_a_secret_is_put_in_as_text() -> None:
    sent = put_in(document("<SharedSecret/>"), "a<b>&c")
    assert sent == document("<SharedSecret>a&lt;b&gt;&amp;c</SharedSecret>")
    assert put_in(document("<SharedSecret/>"), None) == document("")


def test_nothing_but_the_secret_is_changed() -> None:
    raw = document("<Identity>x</Identity>\n <SharedSecret>s3cret</SharedSecret>")
    assert taken_out(raw) == raw.replace(b"s3cret", b"***")
    assert taken_out(taken_out(raw)) == taken_out(raw)
    assert taken_out(document("<SharedSecret/>")) == document("<SharedSecret/>")
    assert taken_out(b"<Order/>") == b"<Order/>"


@pytest.mark.parametrize(
    "inside",
    [
        "<SharedSecret>s3cret</SharedSecret >",
        '<SharedSecret type="x">\ns3cret\n</SharedSecret><SharedSecret>s3cret</SharedSecret>',
        "<SharedSecret><!-- </SharedSecret> -->s3cret</SharedSecret>",
        "<SharedSecret><![CDATA[</SharedSecret>s3cret]]></SharedSecret>",
        "<SharedSecret>s3cret",
        '<x:SharedSecret xmlns:x="urn:x">s3cret</x:SharedSecret>',
        '<x:SharedSecret xmlns:x="urn:x"><x:SharedSecret>a</x:SharedSecret>s3cret</x:SharedSecret>',
        "<SharedSecret><b>s3cret</b></SharedSecret>",
    ],
)
def test_no_way_of_writing_it_keeps_a_secret(inside: str) -> None:
    assert b"s3cret" not in taken_out(document(inside))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_a_secret_in_another_encoding_is_not_kept(encoding: str) -> None:
    raw = (
        SAID.replace("UTF-8", encoding.upper())
        .replace("%s", "<SharedSecret>s3cret</SharedSecret>")
        .encode(encoding)
    )
    assert b"s3cret" not in taken_out(raw).replace(b"\0", b"")
