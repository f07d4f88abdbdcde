"""`orderhub edi`: look into files of X12, EDIFACT and business XML, and say what is wrong with them."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.failing import FAILED, MISUSED, Failure
from hub.cli.session import Session, command, group

if TYPE_CHECKING:
    from hub.cli.edi_reports import Report
    from mappings.syntax.xml_schemas import XmlSchema

edi = group("Look into files of X12, EDIFACT and business XML, and say what is wrong with them.")

FilesArgument = Annotated[
    list[str],
    typer.Argument(metavar="FILE…", help="Files of X12, EDIFACT or XML (UBL, cXML, GS1); - is the input."),
]
PartnerOption = Annotated[
    list[str] | None,
    typer.Option(
        "--partner",
        metavar="PARTNER",
        help="A connector of hub.yaml; or an overlay on a grammar, or a folder of *.overlay files.",
    ),
]

_CHUNK = 262_144


class CheckLevel(StrEnum):
    """How closely files are looked at."""

    ENVELOPE = "envelope"
    GRAMMAR = "grammar"


class Answer(StrEnum):
    """How interchanges are acknowledged."""

    FUNCTIONAL = "997"
    IMPLEMENTATION = "999"
    TA1 = "ta1"
    CONTRL = "contrl"


@edi.callback()
def _edi() -> None:
    """Look into files of X12, EDIFACT and business XML, and say what is wrong with them.

    `edi parse` shows what is in a file, `edi validate` what is wrong with it. Both stream: a large file needs no more
    memory than a small one. `edi ack` says how a file would be acknowledged, `edi ledger` what was exchanged.
    """


@command(edi, "validate")
def validate(
    session: Session,
    files: FilesArgument,
    partner: PartnerOption = None,
    level: Annotated[
        CheckLevel, typer.Option(help="Envelopes only, or also each set by its grammar.")
    ] = CheckLevel.GRAMMAR,
    schema: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An XML Schema (.xsd) or DTD (.dtd) that XML files must follow."),
    ] = None,
) -> None:
    """Check files: envelopes, counts, control numbers, and each set by its grammar; XML by what its type must have.

    Prints each error as a line, `position: code: message`, and goes on. Exit status 1 if there is any, 2 if a file
    can't be opened; a set without a grammar is a warning. docs/edi.md lists the codes. By a connector's name, files are
    held against all that was agreed with its partner: who sends, to whom, whether for a test, which sets, what is
    tolerated.
    Examples: `orderhub edi validate order.edi`, `cat *.edi | orderhub edi validate --level envelope -`,
    `orderhub edi validate --partner acme samples/*.edi`
    """
    from hub.cli.edi_partners import choose
    from hub.cli.edi_reports import Validation

    by_grammar = level is CheckLevel.GRAMMAR
    chosen = choose(session, partner or [])
    reading = chosen.reading(strict=by_grammar, by_grammar=by_grammar)
    against = _schema(schema) if schema else None
    report = Validation(session.out, reading, named=len(files) > 1, schema=against, partner=chosen.partner)
    _go_through(report, files)


@command(edi, "parse")
def parse(session: Session, files: FilesArgument, partner: PartnerOption = None) -> None:
    """Show what is in files: each set with its segments; with --json its tree, as mappings see it.

    What is wrong with envelopes is said on the other stream and stops nothing; `edi validate` is for that.
    Exit status 1 if a file holds nothing of the kind, 2 if it can't be opened.
    Examples: `orderhub edi parse order.edi`, `orderhub edi parse --json order.edi`
    """
    from hub.cli.edi_partners import choose
    from hub.cli.edi_reports import Listing

    chosen = choose(session, partner or [])
    reading = chosen.reading(strict=False, by_grammar=False)
    report = Listing(session.out, reading, chosen.grammars, named=len(files) > 1)
    _go_through(report, files)


@command(edi, "ack")
def acknowledge(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file of X12 or EDIFACT; - is the input.")],
    partner: PartnerOption = None,
    how: Annotated[
        Answer | None, typer.Option("--as", help="What to answer with; 997 or CONTRL unless said.")
    ] = None,
) -> None:
    """Print how the hub would acknowledge a file: what is accepted, to the segment and element.

    By a connector's name it is what this hub would answer that partner, but for what only its ledger knows: control
    numbers, which count for nothing here, and whether the number came before. Nothing is printed where there is nothing
    to answer, as to a 997. Exit status 1 if there is no interchange in the file, or one that isn't the partner's or
    names no sender; 2 if it can't be opened.
    Examples: `orderhub edi ack order.edi`, `orderhub edi ack --partner acme order.edi`,
    `orderhub edi ack --as 999 --json order.edi`
    """
    from hub.cli.edi_answers import answers
    from hub.cli.edi_partners import choose
    from hub.cli.edi_reports import unread

    try:
        raw = b"".join(_chunks(file))
    except OSError as error:
        raise Failure(unread(file, error), usage=True) from None
    found = list(answers(raw, choose(session, partner or []), None if how is None else how.value))
    if not found:
        raise Failure(f"{file} holds no interchange: `orderhub edi validate` says what is wrong with it")
    if session.out.json:
        session.out.data(found)
    for one in [] if session.out.json else found:
        if one["acknowledgement"] is not None:
            typer.echo(one["acknowledgement"])
        if one["reason"] is not None:
            session.out.trouble(f"{one['reason']}: it is neither taken nor answered")
    if any(one["reason"] is not None for one in found):
        raise typer.Exit(FAILED)


@command(edi, "ledger", actor=True)
async def show_ledger(
    session: Session,
    only_open: Annotated[
        bool, typer.Option("--open", help="What is not acknowledged yet, either way.")
    ] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="What is late.")] = False,
    connector: Annotated[str | None, typer.Option(help="Of one connector.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
) -> None:
    """List the interchanges that were exchanged, the newest first, and the documents that partners owe.

    Examples: `orderhub edi ledger --open`, `orderhub edi ledger --overdue --json`
    """
    from hub.cli.edi_answers import drawn
    from hub.desk import interchanges as desk

    which: desk.Which = "overdue" if overdue else "open" if only_open else "all"
    async with session.desk() as ctx:
        ledger = await desk.list_ledger(ctx, session.principal, which, connector, limit)
    session.out.show(ledger, lambda: drawn(ledger, wide=session.out.wide))


@command(edi, "resend", actor=True)
async def resend(
    session: Session,
    interchange: Annotated[str, typer.Argument(metavar="INTERCHANGE", help="Its id in the ledger.")],
) -> None:
    """Send an interchange of ours again, with its old bytes and its old control number.

    For a partner that lost it: `orderhub edi ledger --overdue --json` names the ids.
    """
    from uuid import UUID

    from hub.desk import interchanges as desk

    try:
        wanted = UUID(interchange)
    except ValueError:
        raise Failure(
            f"{interchange!r} is no id: `orderhub edi ledger --json` names them", usage=True
        ) from None
    async with session.desk() as ctx:
        control = await desk.resend(ctx, session.principal, wanted)
    session.out.show({"control": control}, lambda: f"interchange {control} is on its way again")


def _schema(file: Path) -> "XmlSchema":
    from mappings.syntax.xml_schemas import XmlSchemas

    whole = file.resolve()

    def read(name: str) -> bytes | None:
        """Return a file by its path from the root of the disk: a schema imports what lies beside and above it."""
        wanted = Path(whole.anchor, name)
        return wanted.read_bytes() if wanted.suffix in {".xsd", ".dtd"} and wanted.is_file() else None

    try:
        found = XmlSchemas(read).schema(whole.relative_to(whole.anchor).as_posix())
    except (OSError, ValueError) as error:
        raise Failure(str(error), usage=True) from None
    found.name = file.name
    return found


def _go_through(report: "Report", files: list[str]) -> None:
    """Report one file after the other; one that can't be opened stops none behind it."""
    for name in files:
        try:
            report.read(name, _chunks(name))
        except BrokenPipeError:
            raise
        except OSError as error:
            report.unreadable(name, error)
    report.close()
    if report.failed:
        raise typer.Exit(MISUSED if report.unopened else FAILED)


def _chunks(name: str) -> Iterator[bytes]:
    import sys

    if name == "-":
        while chunk := sys.stdin.buffer.read(_CHUNK):
            yield chunk
        return
    with Path(name).open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
