"""What `--partner` names: overlays on grammars, or a connector of hub.yaml with what was agreed with its partner."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import SystemClock
from core.errors import HubError
from core.exchange.profile import PartnerProfile
from hub.cli.failing import Failure
from hub.config import CONFIG_FILE, ConfigError, HubConfig
from hub.interchanges import Partner, Partners
from hub.partner_grammars import OverlayError, overlaid
from mappings.errors import Position, Severity
from mappings.suggest import did_you_mean, nearest
from mappings.syntax.edi.ack.verdict import disagreements, is_only_noted, not_agreed
from mappings.syntax.edi.events import Event, GroupEnd, InterchangeBegin, InterchangeEnd, SetBegin, SetEnd
from mappings.syntax.edi.grammar import GrammarLibrary
from mappings.syntax.edi.model import Fault, Level, Standard
from mappings.syntax.edi.opened import Reading

if TYPE_CHECKING:
    from hub.cli.session import Session

_OVERLAY = ".overlay"


@dataclass(frozen=True, slots=True)
class Chosen:
    """How files are read, and whom they are held to be from."""

    grammars: GrammarLibrary
    partner: Partner | None = None
    """None: nobody in particular; then the file's own envelope says what is right."""

    def reading(self, *, strict: bool = True, by_grammar: bool = True) -> Reading:
        """Return how files are read."""
        reading = Reading() if self.partner is None else self.partner.reading
        return replace(reading, grammars=self.grammars if by_grammar else None, strict=strict)


def choose(session: "Session", named: Iterable[str]) -> Chosen:
    """Return what the names mean: paths are overlays, and one may be a connector's; raise `Failure`.

    A word that is both is the connector: `./acme` is the folder.
    """
    paths, names = list[Path](), list[str]()
    for name in named:
        is_path = "/" in name or name.endswith(_OVERLAY)
        if is_path or (Path(name).exists() and name not in _known(session)):
            paths.append(Path(name))
        else:
            names.append(name)
    if len(names) > 1:
        raise Failure(f"{' and '.join(names)} are two partners: name one", usage=True)
    profile = _profile(session, names[0]) if names else None
    try:
        if profile is None:
            return Chosen(overlaid(paths))
        grammars = overlaid([*paths] if profile.overlays is None else [profile.overlays, *paths])
        partner = Partners(SystemClock()).partner(profile.model_copy(update={"overlays": None}))
    except OverlayError as error:
        raise Failure(str(error), usage=True) from None
    except HubError as error:
        raise Failure(f"connectors.{names[0]}: {error}", usage=True) from None
    return Chosen(grammars, replace(partner, grammars=grammars))


def _profile(session: "Session", name: str) -> PartnerProfile:
    """Return what was agreed with the partner of a connector."""
    if session.config_file is None and not CONFIG_FILE.exists():
        raise Failure(
            f"{name!r} is no overlay and no folder, and there is no {CONFIG_FILE} here that names it as a partner: "
            "--config names another",
            usage=True,
        )
    config = session.config()
    profiles = _profiles(config)
    if name in profiles:
        return profiles[name]
    if name in config.connectors:
        kind = config.connectors[name].connector.name
        raise Failure(f"{name} ({kind}) exchanges no interchanges{_there(profiles)}", usage=True)
    meant = did_you_mean(name, profiles) if nearest(name, profiles) else ""
    raise Failure(
        f"{name!r} is no overlay, no folder and no partner in {config.path}{meant}{_there(profiles)}",
        usage=True,
    )


def _known(session: "Session") -> Collection[str]:
    """Return the partners of a configuration, as far as there is one that can be read."""
    if session.config_file is None and not CONFIG_FILE.exists():
        return ()
    try:
        return _profiles(session.config())
    except ConfigError:
        return ()


def _profiles(config: HubConfig) -> dict[str, PartnerProfile]:
    return {
        one.name: profile
        for one in config.connectors.values()
        if isinstance(profile := getattr(one.settings, "partner", None), PartnerProfile)
    }


def _there(profiles: Iterable[str]) -> str:
    names = ", ".join(sorted(profiles))
    return f"; partners there: {names}" if names else "; no connector there exchanges interchanges"


def as_agreed(events: Iterable[Event], partner: Partner | None) -> Iterator[Event]:
    """Yield a file's events with what the agreement adds to their faults, and what it lets pass as warnings."""
    if partner is None:
        yield from events
        return
    agreed = partner.agreement

    def said(faults: Iterable[Fault]) -> tuple[Fault, ...]:
        return tuple(
            replace(fault, severity=Severity.WARNING) if is_only_noted(fault, agreed) else fault
            for fault in faults
        )

    refused: Fault | None = None
    for event in events:
        if isinstance(event, InterchangeBegin):
            yield event
            yield from said(_objections(event, partner))
        elif isinstance(event, SetBegin):
            refused = (
                None if event.headless else not_agreed(event.key.type, event.head, event.key.standard, agreed)
            )
            yield event
        elif isinstance(event, SetEnd):
            faults = event.faults if refused is None else (refused, *event.faults)
            yield replace(event, faults=said(faults))
        elif isinstance(event, GroupEnd | InterchangeEnd):
            yield replace(event, faults=said(event.faults))
        else:
            yield event


def _objections(begin: InterchangeBegin, partner: Partner) -> Iterator[Fault]:
    """Yield why an interchange is refused by its header alone; of a stranger's no more is said."""
    if (strange := partner.strange(begin)) is not None:
        place = Position(offset=begin.head.offset, element=6 if begin.standard is Standard.X12 else 2)
        yield Fault("unknown-sender", strange, Level.INTERCHANGE, place, tag=begin.head.tag)
        return
    yield from disagreements(begin, partner.agreement)
