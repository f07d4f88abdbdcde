"""Transforms of codes: look-ups, and checks against ISO lists."""

from pydantic import Field, field_validator

from mappings.data import Data, is_sequence
from mappings.engine.transforms.base import ANY, TEXT, TRUTH, Args, Run, Tools, Transform, scalar_of, simple
from mappings.engine.transforms.iso import check_country, check_currency
from mappings.errors import ErrorCode, Refusal

_SCALARS = frozenset({TEXT, "number", TRUTH})


class TableArgs(Args):
    """The table, and whether to look up from the hub's word to the partner's code."""

    name: str
    reverse: bool = False


class WordsArgs(Args):
    """The words that mean yes and no; upper and lower case are the same."""

    yes: tuple[str, ...] = Field(default=("true", "yes", "y", "1", "t", "on"), alias="true")
    no: tuple[str, ...] = Field(default=("false", "no", "n", "0", "f", "off"), alias="false")

    @field_validator("yes", "no", mode="before")
    @classmethod
    def _texts(cls, words: Data) -> Data:
        several = words if is_sequence(words) else [words]
        return tuple(scalar_of(word).lower() for word in several)


class WrittenArgs(Args):
    """The words to write for yes and no."""

    yes: str = Field(default="true", alias="true", min_length=1)
    no: str = Field(default="false", alias="false", min_length=1)


class PythonArgs(Args):
    """The registered transform, and arguments for it."""

    name: str
    arguments: dict[str, Data] = Field(default={}, alias="with")


def _table(args: TableArgs, tools: Tools) -> Run:
    return tools.table(args.name, reverse=args.reverse)


def _boolean(args: WordsArgs, _tools: object) -> Run:
    words = dict.fromkeys(args.no, False) | dict.fromkeys(args.yes, True)
    if len(words) != len(set(args.yes)) + len(set(args.no)):
        raise ValueError("a word means both yes and no")

    def run(value: Data) -> bool:
        if isinstance(value, bool):
            return value
        found = words.get(scalar_of(value).strip().lower())
        if found is None:
            raise Refusal(f"this is none of {', '.join(words)}", ErrorCode.TABLE)
        return found

    return run


def _words(args: WrittenArgs, _tools: object) -> Run:
    def run(value: Data) -> str:
        if not isinstance(value, bool):
            raise Refusal("true or false is expected here")
        return args.yes if value else args.no

    return run


def _python(args: PythonArgs, tools: Tools) -> Run:
    return tools.python(args.name, args.arguments)


CODE_TRANSFORMS = (
    Transform("table", "Look a code up in a code table.", _SCALARS, ANY, _table, TableArgs, "name"),
    Transform("boolean", "Words for true and false.", _SCALARS, TRUTH, _boolean, WordsArgs),
    Transform(
        "format_boolean",
        "True and false as a partner's words.",
        frozenset({TRUTH}),
        TEXT,
        _words,
        WrittenArgs,
    ),
    simple("country", "An ISO 3166-1 country; three letters become two.", "text", TEXT, check_country),
    simple("currency", "An ISO 4217 currency.", "text", TEXT, check_currency),
    Transform(
        "python",
        "A transform that the connector registers.",
        frozenset({ANY}),
        ANY,
        _python,
        PythonArgs,
        "name",
    ),
)
