"""X12 and EDIFACT as syntaxes of mapping documents: bytes to trees, trees to bytes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from mappings.data import Data, is_list, is_object
from mappings.errors import ErrorCode, MappingError, Problem
from mappings.syntax.base import check_size
from mappings.syntax.edi.ack.composing import (
    LONGEST_CONTROL_NUMBER,
    Body,
    EdifactEnvelope,
    Numbers,
    X12Envelope,
    write_edifact,
    write_x12,
)
from mappings.syntax.edi.charsets import Charset, agreed, charset_of
from mappings.syntax.edi.model import Delimiters
from mappings.syntax.edi.options import FUNCTIONAL_IDS, EdifactOptions, EdiOptions, X12Options
from mappings.syntax.edi.tree import Shapes
from mappings.syntax.edi.tree_writing import TreeWriter, element_place
from mappings.syntax.edi.wire import SETS, EdiWire, read_trees
from mappings.syntax.trees import TreePlace, tree_name

_UTF_8 = agreed("utf-8")
_PROBED = Delimiters("~", "*", ">")
_X12_DIGITS = 9
_ID_LENGTHS = {"x12": (2, 15), "edifact": (4, 35)}
"""ISA05 and ISA06; 0007 and 0004 of UNB."""


class _Around:
    """What a tree says of the envelopes it is to be written in."""

    def __init__(self, tree: dict[str, Data], place: TreePlace, standard: str) -> None:
        self._tree = tree
        self._place = place
        self._lengths = _ID_LENGTHS[standard]

    def value(self, *steps: str) -> str:
        """Return a text; raise `MappingError` where there is none."""
        found = self.optional(*steps)
        if not found:
            reason = "it is missing: the envelope's values are the caller's, hand them in as a context of the mapping"
            raise _refuse((*self._place, *steps), reason, ErrorCode.MISSING)
        return found

    def optional(self, *steps: str) -> str:
        """Return a text, empty where there is none."""
        node: Data = self._tree
        for step in steps:
            node = node.get(step) if is_object(node) else None
        return "" if node is None else str(node)

    def number(self, most: int, *steps: str) -> int:
        """Return a control number of up to `most` digits."""
        text = self.value(*steps)
        if not (text.isascii() and text.isdigit() and len(text.lstrip("0")) <= most):
            raise _refuse(
                (*self._place, *steps), f"{text[:20]!r} is no control number of up to {most} digits"
            )
        return int(text)

    def party(self, who: str) -> tuple[str, str]:
        """Return qualifier and id of `sender` or `receiver`."""
        found = (self.optional("interchange", f"{who}_qualifier"), self.value("interchange", who))
        for text, most in zip(found, self._lengths, strict=True):
            if len(text) > most or not text.isascii():
                raise _refuse(
                    (*self._place, "interchange", who),
                    f"{text[:40]!r} is longer than {most} characters, or not ASCII",
                )
        return found

    def at(self) -> datetime:
        """Return when the interchange was prepared: `date` and `time`, as X12 or EDIFACT write them."""
        date, time = self.value("interchange", "date"), self.value("interchange", "time")
        try:
            return datetime.strptime(f"{date.zfill(6)[-6:]}{time[:4]}", "%y%m%d%H%M")  # noqa: DTZ007 - partners' local time
        except ValueError:
            reason = f"{date[:10]!r}, {time[:10]!r} is no date and time: write 261120 or 20261120, and 0930"
            raise _refuse((*self._place, "interchange", "date"), reason) from None

    def is_test(self) -> bool:
        """Return whether it is a test."""
        return self.optional("interchange", "test").lower() in ("true", "1", "t")


class _EdiSyntax:
    """What both families share."""

    paths: Literal["jmespath"] = "jmespath"
    _standard = ""

    def __init__(self, options: EdiOptions, shapes: Shapes | None) -> None:
        self._options = options
        self._shapes = shapes
        self.prefixes: Mapping[str, str] = {}

    def read(self, raw: bytes) -> EdiWire:
        """Return the trees of the sets in a file; raises with everything that is wrong with it."""
        check_size(raw, self._options)
        return read_trees(raw, self._options, self._shapes, self._agreed())

    def write(self, tree: object, *, exact: bool = False) -> bytes:
        """Return one interchange with the set that `tree` is, or with its `sets`; trailers are filled in.

        What our own reader would refuse is not written.
        """
        if not is_object(tree):
            raise _refuse((), "an interchange is written from a set, or from a list of `sets`")
        several = is_list(tree.get(SETS))
        sets: list[Data] = tree[SETS] if several else [tree]
        places: list[TreePlace] = [(SETS, i) for i in range(len(sets))] if several else [()]
        if not sets or not all(is_object(one) for one in sets):
            raise _refuse((SETS,), "there is no set to write")
        raw = self._written(sets, places)
        self._check(raw)
        return raw

    def probe(self, sample: object) -> None:
        """Raise for names of segments and elements that there can't be; the values are nobody's."""
        sets: list[Data] = sample.get(SETS, [sample]) if is_object(sample) else []
        for one in sets if is_list(sets) else []:
            if is_object(one):
                for _ in TreeWriter(_PROBED, _UTF_8).segments(_without_whole(one)):
                    pass

    def _agreed(self) -> Charset:
        """Return the character set of X12, which is an agreement; EDIFACT's interchanges name theirs."""
        return agreed(self._options.charset) if isinstance(self._options, X12Options) else _UTF_8

    def _check(self, raw: bytes) -> None:
        """Read what was written: an error of ours is found here, not by the partner."""
        read_back = self._options.model_copy(update={"set": None})
        try:
            read_trees(raw, read_back, self._shapes, self._agreed())
        except MappingError as error:
            problem = error.problem
            reason = f"what would be written is wrong: {problem.reason}"
            raise MappingError(
                Problem(reason, ErrorCode.TARGET, target=problem.source, position=problem.position)
            ) from None

    def _written(self, sets: list[Data], places: list[TreePlace]) -> bytes:
        raise NotImplementedError

    def _type(self, around: _Around) -> str:
        return self._options.set or around.value("type")


class X12Syntax(_EdiSyntax):
    """X12 ⇄ `{"sets": […]}`."""

    def __init__(self, options: X12Options | None = None, shapes: Shapes | None = None) -> None:
        self._x12 = options or X12Options()
        super().__init__(self._x12, shapes)

    def _written(self, sets: list[Data], places: list[TreePlace]) -> bytes:
        options, delimiters = self._x12, self._x12.delimiters
        charset = agreed(options.charset)
        arounds = [_Around(one, place, "x12") for one, place in zip(sets, places, strict=True)]
        first = arounds[0]
        version = options.version or first.value("group", "version")
        envelope = X12Envelope(
            first.party("sender"), first.party("receiver"),
            first.optional("group", "sender") or first.value("interchange", "sender"),
            first.optional("group", "receiver") or first.value("interchange", "receiver"),
            first.at(), delimiters, version[:5], version, first.is_test(),
        )  # fmt: skip
        bodies = [
            Body(
                self._type(around), tuple(TreeWriter(delimiters, charset, place).segments(one)),
                options.functional_id or FUNCTIONAL_IDS.get(self._type(around)) or around.value("group", "type"),
                version,
            )
            for one, place, around in zip(sets, places, arounds, strict=True)
        ]  # fmt: skip
        groups = len({(body.functional_id, body.version) for body in bodies})
        control = first.number(_X12_DIGITS, "interchange", "control")
        group = first.number(_X12_DIGITS, "group", "control")
        numbers = tuple(around.number(_X12_DIGITS, "control") for around in arounds)
        return write_x12(envelope, Numbers(control, tuple(range(group, group + groups)), numbers), bodies)


class EdifactSyntax(_EdiSyntax):
    """EDIFACT ⇄ `{"sets": […]}`."""

    def __init__(self, options: EdifactOptions | None = None, shapes: Shapes | None = None) -> None:
        self._edifact = options or EdifactOptions()
        super().__init__(self._edifact, shapes)

    def _written(self, sets: list[Data], places: list[TreePlace]) -> bytes:
        options, delimiters = self._edifact, self._edifact.delimiters
        charset = charset_of(options.syntax_identifier)
        arounds = [_Around(one, place, "edifact") for one, place in zip(sets, places, strict=True)]
        first = arounds[0]
        envelope = EdifactEnvelope(
            first.party("sender"), first.party("receiver"), first.at(), delimiters,
            (options.syntax_identifier, options.syntax_version), first.is_test(),
            una=options.una or options.decimal == ",",
        )  # fmt: skip
        bodies = [
            Body(
                self._type(around), tuple(TreeWriter(delimiters, charset, place).segments(one)),
                version=self._version(around),
            )
            for one, place, around in zip(sets, places, arounds, strict=True)
        ]  # fmt: skip
        control = first.number(LONGEST_CONTROL_NUMBER, "interchange", "control")
        numbers = tuple(around.number(LONGEST_CONTROL_NUMBER, "control") for around in arounds)
        return write_edifact(envelope, Numbers(control, (), numbers), bodies, "latin-1")

    def _version(self, around: _Around) -> str:
        version = self._options.version or around.value("version")
        parts = [version[:1], version[1:], self._edifact.agency, self._edifact.association]
        return ":".join(parts).rstrip(":")


def _without_whole(node: dict[str, Data]) -> dict[str, Data]:
    """Return a sample without segments and loops that are handed in whole: only the caller knows what is in them."""
    found: dict[str, Data] = {}
    for key, value in node.items():
        items = [_without_whole(item) for item in value if is_object(item)] if is_list(value) else value
        if element_place(key) is not None or is_object(value) or is_list(value):
            found[key] = _without_whole(value) if is_object(value) else items
    return found


def _refuse(place: TreePlace, reason: str, code: ErrorCode = ErrorCode.TARGET) -> MappingError:
    return MappingError(Problem(reason, code, target=tree_name(place)))
