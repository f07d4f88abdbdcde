"""Documents are held against schemas that were dropped in: errors have their place, and nothing is fetched."""

from collections.abc import Mapping

import pytest

from canonical.documents import DocumentLine
from mappings import Environment
from mappings.engine.registry import compile_mapping
from mappings.errors import ErrorCode, InvalidMappingError, MappingError, MappingErrors, Problem
from mappings.syntax import XmlOptions, XmlSyntax, syntaxes_with
from mappings.syntax.xml_schemas import MOST_BYTES, MOST_FILES, XmlSchemas

XS = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
ORDER = f"""\
<xs:schema {XS} targetNamespace="urn:o" xmlns:c="urn:c" elementFormDefault="qualified">
  <xs:import namespace="urn:c" schemaLocation="../common/c.xsd"/>
  <xs:element name="Order"><xs:complexType>
    <xs:sequence>
      <xs:element ref="c:ID"/><xs:element name="On" type="xs:date" maxOccurs="500"/>
      <xs:element name="State" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
        <xs:enumeration value="new"/><xs:enumeration value="old"/></xs:restriction></xs:simpleType></xs:element>
    </xs:sequence>
    <xs:attribute name="n" type="xs:int"/>
  </xs:complexType></xs:element>
</xs:schema>"""
COMMON = f"""\
<xs:schema {XS} targetNamespace="urn:c"><xs:element name="ID"><xs:simpleType>
  <xs:restriction base="xs:string"><xs:maxLength value="8"/><xs:pattern value="[A-Z0-9]+"/></xs:restriction>
</xs:simpleType></xs:element></xs:schema>"""
DTD = "<!ELEMENT cXML (Header)><!ELEMENT Header (#PCDATA)><!ATTLIST Header kind (a|b) #REQUIRED>"
FILES = {"o/main/order.xsd": ORDER, "o/common/c.xsd": COMMON, "c.dtd": DTD}
RIGHT = b'<o:Order xmlns:o="urn:o"><c:ID xmlns:c="urn:c">PO1</c:ID><o:On>2026-11-20</o:On></o:Order>'


def schemas(**files: str) -> XmlSchemas:
    found: Mapping[str, bytes] = {name: text.encode() for name, text in {**FILES, **files}.items()}
    return XmlSchemas(found.get)


def syntax(name: str = "o/main/order.xsd", **files: str) -> XmlSyntax:
    return XmlSyntax(XmlOptions(schema_file=name, namespaces={"": "urn:o", "c": "urn:c"}), schemas(**files))


def problems(raw: bytes, made: XmlSyntax | None = None) -> tuple[Problem, ...]:
    with pytest.raises(MappingErrors) as caught:
        (made or syntax()).read(raw)
    return caught.value.problems


def test_a_document_that_follows_its_schema_is_read() -> None:
    assert syntax().read(RIGHT).root.tag == "{urn:o}Order"


def test_everything_that_is_wrong_is_told_with_line_and_column() -> None:
    raw = b"""
<o:Order xmlns:o="urn:o" n="x">
  <c:ID xmlns:c="urn:c">Mary O'Neil</c:ID>
    <o:On>2026-11-20</o:On><o:On>soon</o:On>
  <o:State>lost</o:State><o:More/></o:Order>"""
    found = [(one.source, one.position and (one.position.line, one.position.column)) for one in problems(raw)]
    assert found == [
        ("/o:Order", (2, 1)),
        ("/o:Order/c:ID", (3, 3)),
        ("/o:Order/c:ID", (3, 3)),
        ("/o:Order/o:On[2]", (4, 28)),
        ("/o:Order/o:State", (5, 3)),
        ("/o:Order/o:More", (5, 26)),
    ]


def test_an_error_says_the_rule_and_not_the_value() -> None:
    raw = RIGHT.replace(b"PO1", b"Mary O'Neil is").replace(b"2026-11-20", b"it's soon")
    text = "\n".join(str(one) for one in problems(raw))
    assert "Mary" not in text
    assert "soon" not in text
    assert "maximum length of '8'" in text
    assert "The value is not accepted by the pattern '[A-Z0-9]+'" in text
    assert "not a valid value of the atomic type 'xs:date'" in text
    assert "(o/main/order.xsd)" in text


def test_no_more_than_a_hundred_are_told() -> None:
    raw = RIGHT.replace(b"<o:On>2026-11-20</o:On>", b"<o:On>x</o:On>" * 200)
    assert len(problems(raw)) == 100


def test_what_is_written_follows_the_schema_too() -> None:
    assert syntax().write({"Order": {"c:ID": "PO1", "On": "2026-11-20"}}).endswith(b"</Order>")
    with pytest.raises(MappingErrors) as caught:
        syntax().write({"Order": {"c:ID": "PO1", "On": "soon"}})
    (found,) = caught.value.problems
    assert (found.code, found.source) == (ErrorCode.TARGET, "/Order/On")


def test_a_dtd_is_held_against_and_never_fetched() -> None:
    made = XmlSyntax(XmlOptions(schema_file="c.dtd", allow_doctype=True), schemas())
    named = b'<!DOCTYPE cXML SYSTEM "http://localhost:1/cXML.dtd">\n'
    assert made.read(named + b'<cXML><Header kind="a">x</Header></cXML>').root.tag == "cXML"
    found = problems(named + b'<cXML>\n <Header kind="Mary"/><Bad/></cXML>', made)
    assert [one.position and (one.position.line, one.position.column) for one in found] == [
        (2, 1),
        (3, 2),
        (3, 23),
    ]
    assert "Mary" not in str(found)


@pytest.mark.parametrize(
    ("name", "files", "reason"),
    [
        ("order.xsd", {}, "there is no schema 'order.xsd'"),
        ("o/main/order.xsd", {"o/common/c.xsd": "<a"}, "o/main/order.xsd can't be used"),
        ("o/main/order.xsd", {"o/main/order.xsd": ORDER.replace("../common", "..")}, "so save that as o/c.xsd"),
        ("o/main/order.xsd", {"o/main/order.xsd": ORDER.replace("../common", "../../..")}, "nothing is fetched"),
        ("o/main/order.xsd", {"o/main/order.xsd": ORDER.replace("..", "http://localhost:1")}, "as o/main/c.xsd"),
        ("o/main/order.xsd", {"o/main/order.xsd": ORDER.replace("..", "file:///etc")}, "save that as o/main/c.xsd"),
        ("o/main/order.xsd", {"o/main/order.xsd": ORDER.replace("xs:date", "xs:day")}, "does not resolve"),
        ("o/main/order.xsd", {"o/common/c.xsd": COMMON + " " * MOST_BYTES}, "it imports more than"),
        ("c.dtd", {"c.dtd": "<!ELEMENT cXML"}, "the DTD c.dtd can't be used"),
        ("c.dtd", {"c.dtd": '<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;'}, "names other files"),
    ],
)  # fmt: skip
def test_a_schema_that_can_not_be_used_says_why(name: str, files: Mapping[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=r"schema|DTD") as caught:
        schemas(**files).schema(name)
    assert reason in str(caught.value)


def test_a_schema_of_endless_files_is_given_up() -> None:
    def endless(name: str) -> bytes:
        number = int(name.removesuffix(".xsd"))
        return f'<xs:schema {XS}><xs:include schemaLocation="{number + 1}.xsd"/></xs:schema>'.encode()

    with pytest.raises(ValueError, match=f"more than {MOST_FILES} files"):
        XmlSchemas(endless).schema("1.xsd")


def test_what_a_schema_imports_from_the_web_is_taken_from_beside_it() -> None:
    remote = ORDER.replace("../common/c.xsd", "http://example.com/2026/c.xsd")
    assert (
        syntax(**{"o/main/order.xsd": remote, "o/main/c.xsd": COMMON}).read(RIGHT).root.tag == "{urn:o}Order"
    )


MAPPING = """\
mapping: line
version: 1
reads: xml
target: DocumentLine
syntax: {namespaces: {o: "urn:o"}, schema_file: o/main/order.xsd}
fields: {id: "o:On", reference: "o:On", quantity: {value: 1}, unit_price: {value: 1}}
"""


def test_a_mapping_names_its_schema_and_tells_every_error_with_its_own_line() -> None:
    environment = Environment({"DocumentLine": DocumentLine}, syntaxes=syntaxes_with(schemas()))
    made = compile_mapping(MAPPING, environment, file="line.yaml")
    assert made.read(RIGHT, expect=DocumentLine).id == "2026-11-20"
    found = made.check(RIGHT.replace(b"2026-11-20", b"x").replace(b"PO1", b"?"))
    assert [str(one).partition(": ")[0] for one in found] == ["line.yaml:1:10"] * 2
    with pytest.raises(MappingError, match=r"line\.yaml"):
        made.read(RIGHT.replace(b"PO1", b"?"))


def test_a_mapping_that_names_none_that_is_there_is_refused_when_it_is_loaded() -> None:
    for environment, reason in (
        (Environment({"DocumentLine": DocumentLine}), "no schemas are at hand"),
        (
            Environment({"DocumentLine": DocumentLine}, syntaxes=syntaxes_with(XmlSchemas(lambda _: None))),
            "no schema",
        ),
    ):
        with pytest.raises(InvalidMappingError, match=reason):
            compile_mapping(MAPPING, environment)
