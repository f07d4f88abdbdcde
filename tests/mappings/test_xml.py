"""XML: hardened in, exact out."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from mappings.data import Data
from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.xml import XmlOptions, XmlSyntax
from mappings.syntax.xml_places import XmlPlace

SYNTAX = XmlSyntax()

BOMB = b"""<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]><a>&e;</a>"""
XXE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
REMOTE = b'<!DOCTYPE a SYSTEM "http://localhost:1/x.dtd"><a>1</a>'


def refusal(raw: bytes, syntax: XmlSyntax = SYNTAX) -> Problem:
    with pytest.raises(MappingError) as caught:
        syntax.read(raw)
    return caught.value.problem


def text_of(raw: bytes, syntax: XmlSyntax = SYNTAX) -> str | None:
    root: etree._Element = syntax.read(raw).root
    return root.text


def as_tree(element: etree._Element) -> Data:
    """Return an element as the tree that writes it."""
    found: dict[str, Data] = {f"@{name}": value for name, value in element.attrib.items()}
    for child in element:
        found.setdefault(str(child.tag), []).append(as_tree(child))
    if len(element):
        return found
    return {**found, "#text": element.text or ""}


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9._-]{0,8}", fullmatch=True)
texts = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\n\t\r"
    ),
    max_size=20,
)
attributes = st.dictionaries(names.map("@{}".format), texts, max_size=3)
contents = st.recursive(
    st.builds(lambda some, text: {**some, "#text": text}, attributes, texts),
    lambda inner: st.builds(
        lambda some, children: {**some, **children},
        attributes,
        st.dictionaries(names, st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(names, contents)
def test_what_is_written_is_read_back(name: str, content: Data) -> None:
    root: etree._Element = SYNTAX.read(SYNTAX.write({name: content})).root
    assert root.tag == name
    assert as_tree(root) == content


@pytest.mark.parametrize(
    ("raw", "line", "column"),
    [
        (b"", 1, 1),
        (b"   ", 1, 1),
        (b"<a>\n<b>", 2, 4),
        (b"<a>\n</b></a>", 2, 5),
        (b"<a/><b/>", 1, 5),
        (b"plain text", 1, 1),
        (b"<a>&nbsp;</a>", 1, 10),
        (b"<a>x\0y</a>", 1, 5),
        (b"<a>&#0;</a>", 1, 8),
        (b"<a>\n&#xD800;</a>", 2, 9),
        (b"<a>\n\xe4</a>", 2, 1),
        (b"\n\n<a>\n<b></a>", 4, 8),
    ],
)
def test_broken_xml_is_refused_with_its_place(raw: bytes, line: int, column: int) -> None:
    position = refusal(raw).position
    assert position is not None
    assert (position.line, position.column) == (line, column)


def test_json_is_recognised() -> None:
    assert "looks like JSON" in refusal(b'{"a": 1}').reason


@pytest.mark.parametrize("raw", [BOMB, XXE, REMOTE, b"<!-- x --><?pi?>\n<!DOCTYPE a><a/>"])
def test_a_doctype_is_refused(raw: bytes) -> None:
    found = refusal(raw)
    assert "DOCTYPE" in found.reason
    assert found.position is not None


def test_a_doctype_that_only_names_a_dtd_can_be_agreed() -> None:
    syntax = XmlSyntax(XmlOptions(allow_doctype=True))
    assert text_of(REMOTE, syntax) == "1"
    assert text_of(b"<!DOCTYPE a PUBLIC '-//x' \"y\"><a>1</a>", syntax) == "1"
    for raw in (BOMB, XXE):
        assert "declares entities" in refusal(raw, syntax).reason
    lost = refusal(b'<!DOCTYPE a SYSTEM "x.dtd"><a>\n&who;</a>', syntax)
    assert "&who; is not known" in lost.reason
    assert lost.position is not None
    assert lost.position.line == 2


def test_a_doctype_in_a_text_is_no_doctype() -> None:
    assert text_of(b"<a><![CDATA[<!DOCTYPE a>]]></a>") == "<!DOCTYPE a>"


def test_depth_is_bounded() -> None:
    assert SYNTAX.read(b"<a>" * 64 + b"</a>" * 64).root.tag == "a"
    assert refusal(b"<a>" * 65 + b"</a>" * 65).code is ErrorCode.LIMIT
    assert refusal(b"<a>" * 10_000).code is ErrorCode.LIMIT


def test_size_is_bounded_before_anything_is_parsed() -> None:
    assert refusal(b"<a>" + b" " * 50 * 1024 * 1024 + b"</a>").code is ErrorCode.LIMIT


@pytest.mark.parametrize(
    "raw",
    [
        "<a>ä</a>".encode(),
        b"\xef\xbb\xbf" + "<a>ä</a>".encode(),
        '<?xml version="1.0" encoding="utf-8"?><a>ä</a>'.encode(),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe4</a>',
        b"<?xml version='1.0' encoding='windows-1252' standalone='yes'?><a>\xe4</a>",
        '<?xml version="1.0" encoding="UTF-16"?><a>ä</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a>ä</a>'.encode("utf-16-le"),
        "<a>ä</a>".encode("utf-16-be"),
        b"  \r\n" + "<?xml version='1.0'?><a>ä</a>".encode(),
    ],
)
def test_encodings_are_found_out(raw: bytes) -> None:
    assert text_of(raw) == "ä"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (
            b'<?xml version="1.0" encoding="utf-16"?><a/>',
            "declares the encoding utf-16, but its bytes are not",
        ),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="latin-1"?><a/>', "its bytes are utf-8"),
        (b'<?xml version="1.0" encoding="zlib"?><a/>', "'zlib' is not a known encoding"),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xe4</a>', "0xe4 is not utf-8"),
        (b'<?xml version="1.0" encoding="us-ascii"?><a>\xe4</a>', "0xe4 is not ascii"),
    ],
)
def test_a_wrong_encoding_is_never_guessed_at(raw: bytes, reason: str) -> None:
    assert reason in refusal(raw).reason


def test_a_partner_who_declares_a_wrong_encoding_can_be_told_right() -> None:
    syntax = XmlSyntax(XmlOptions(encoding="windows-1252"))
    assert text_of(b'<?xml version="1.0" encoding="utf-8"?><a>\x80</a>', syntax) == "\N{EURO SIGN}"
    assert "mark of utf-8" in refusal(b"\xef\xbb\xbf<a/>", syntax).reason
    assert text_of(b"<a>x</a>", XmlSyntax(XmlOptions(encoding=None))) == "x"
    assert text_of("<a>x</a>".encode("utf-16"), XmlSyntax(XmlOptions(encoding="utf-16"))) == "x"


def test_comments_do_not_split_texts() -> None:
    assert text_of(b"<a>1<!-- no -->2<?no?>3</a>") == "123"


def test_places_are_named_with_their_numbers_and_lines() -> None:
    raw = b'\n<x:a xmlns:x="u">\n<b>1</b>\n<b><c/></b></x:a>'
    wire = SYNTAX.read(raw)
    second = wire.root[1]
    assert wire.name(XmlPlace(wire.root)) == "/x:a"
    assert wire.name(XmlPlace(second[0], "@q")) == "/x:a/b[2]/c/@q"
    position = wire.position(XmlPlace(second))
    assert position is not None
    assert position.line == 4
    assert wire.position(XmlPlace(etree.Element("made"))) is None


def test_attributes_texts_and_namespaces_are_written_in_order() -> None:
    syntax = XmlSyntax(XmlOptions(namespaces={"": "urn:a", "b": "urn:b&c"}))
    tree = {
        "Order": {
            "b:Line": [{"@n": 1, "#text": Decimal("1.50")}, {"#text": "x", "@n": None}],
            "@when": datetime(2026, 1, 1, tzinfo=UTC),
            "Empty": {},
            "None": None,
            "Yes": True,
        },
    }
    assert syntax.write(tree).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Order xmlns="urn:a" xmlns:b="urn:b&amp;c" when="2026-01-01T00:00:00Z"><b:Line n="1">1.50</b:Line>'
        '<b:Line n="">x</b:Line><Empty/><None/><Yes>true</Yes></Order>'
    )


def test_special_characters_are_escaped() -> None:
    raw = SYNTAX.write({"a": {"@q": '<&">\n\t\r', "#text": "<&>\r\n"}})
    root: etree._Element = SYNTAX.read(raw).root
    assert root.get("q") == '<&">\n\t\r'
    assert root.text == "<&>\r\n"


def test_declaration_doctype_and_encoding_are_written_as_agreed() -> None:
    cxml = XmlOptions(doctype='<!DOCTYPE cXML SYSTEM "x.dtd">', encoding="iso-8859-1")
    assert XmlSyntax(cxml).write({"a": "ä\N{EURO SIGN}"}) == (
        b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE cXML SYSTEM "x.dtd">\n<a>\xe4&#8364;</a>'
    )
    assert XmlSyntax(XmlOptions(declaration=False)).write({"a": [1]}) == b"<a>1</a>"


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ({}, "one root element"),
        ([], "one root element"),
        ({"a": 1, "b": 2}, "one root element"),
        ({"a": [1, 2]}, "one root element"),
        ({"a b": 1}, "not a name"),
        ({"a": {"@1": 1}}, "not a name"),
        ({"x:a": 1}, "has no namespace"),
        ({"a": {"@x:b": 1}}, "has no namespace"),
        ({"a": object()}, "has no agreed text"),
        ({"a": {"@b": [1]}}, "has no agreed text"),
        ({"a": 1.5}, "has no agreed text"),
        ({"a": "\0"}, "control character"),
        ({"a": "\ud800"}, "control character"),
        ({"a": datetime(2026, 1, 1)}, "without a zone"),  # noqa: DTZ001 - that it has no zone is the fact
        ({"a": Decimal("Infinity")}, "not one that can be written"),
    ],
)
def test_what_xml_can_not_carry_is_refused(tree: object, reason: str) -> None:
    with pytest.raises(MappingError) as caught:
        SYNTAX.write(tree)
    assert reason in caught.value.problem.reason
    assert caught.value.problem.code is ErrorCode.TARGET


def test_a_tree_that_holds_itself_is_refused() -> None:
    tree: dict[str, Data] = {}
    tree["a"] = tree
    with pytest.raises(MappingError, match="too deep"):
        SYNTAX.write(tree)


@pytest.mark.parametrize(
    "options",
    [
        {"namespaces": {"1": "u"}},
        {"namespaces": {"xml": "u"}},
        {"namespaces": {"a": ""}},
        {"encoding": "rot13"},
        {"doctype": "<!DOCTYPE a [<!ENTITY b 'c'>]>"},
        {"nonsense": 1},
    ],
)
def test_options_that_mean_nothing_are_refused(options: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        XmlOptions.model_validate(options)


@settings(deadline=None)
@given(st.binary(max_size=200) | texts.map(lambda text: f"<a>{text}".encode()))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(MappingError):
        assert SYNTAX.read(raw).root is not None
