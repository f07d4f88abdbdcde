"""Templates: Jinja2 in a sandbox, by language, a shop's own before the built-in ones; and a lint that tries all."""

from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import (
    ChoiceLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    meta,
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from canonical.money import Money, exponent
from connectors.mailer.views import VARIABLES, samples

BUILT_IN = Path(__file__).parent / "templates"
_MONTHS = {
    "en": ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni",
           "Juli", "August", "September", "Oktober", "November", "Dezember"),
}  # fmt: skip
_LONGEST_SUBJECT = 150


class Templates:
    """The templates of one shop. Variables that are not there are errors, and HTML is escaped."""

    def __init__(self, folder: Path | None, fallback: str = "en", zone: tzinfo | None = None) -> None:
        folders = [path for path in (folder, BUILT_IN) if path is not None]
        self._fallback = fallback
        self.environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([FileSystemLoader(path) for path in folders]),
            autoescape=_is_html,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        filters = self.environment.filters
        filters |= {"money": _money, "date": _date_in(zone or ZoneInfo("UTC"))}

    def language(self, template: str, wanted: str) -> str:
        """Return the language to write in: the order's, that without its region, the fallback, English."""
        candidates = (wanted, wanted.partition("-")[0], self._fallback, "en")
        return next((one for one in candidates if self._has(f"{one}/{template}.txt.j2")), "en")

    def _has(self, name: str) -> bool:
        try:
            self.environment.get_template(name)
        except TemplateNotFound:
            return False
        return True

    def write(self, template: str, language: str, variables: dict[str, Any]) -> tuple[str, str, str]:
        """Return subject, text and HTML. The text's first line is the subject, the second is blank."""
        plain = self.environment.get_template(f"{language}/{template}.txt.j2").render(variables)
        subject, _, text = plain.partition("\n")
        html = self.environment.get_template(f"{language}/{template}.html.j2").render(variables)
        return " ".join(subject.split())[:_LONGEST_SUBJECT], text.lstrip("\n"), html


@lru_cache(maxsize=64)
def templates(folder: Path | None, fallback: str, zone: str) -> Templates:
    """Return the templates of a shop; they are compiled once, and read again when their files change."""
    return Templates(folder, fallback, ZoneInfo(zone))


def has_language(language: str) -> bool:
    """Say whether there are built-in templates in a language."""
    return (BUILT_IN / language.partition("-")[0]).is_dir()


def lint(folder: Path | None = None) -> tuple[str, ...]:
    """Return everything that is wrong with the built-in templates, or with those of a shop over them."""
    if folder is not None and not folder.is_dir():
        return (f"{folder} is no folder",)
    found = Templates(folder)
    return tuple(_findings(found, folder))


def _findings(found: Templates, folder: Path | None) -> Iterator[str]:
    names = set(found.environment.list_templates())
    own = {path.name for path in (folder or BUILT_IN).iterdir() if path.is_dir()}
    for language in sorted(own):
        for template, allowed in VARIABLES.items():
            pair = [f"{language}/{template}.{kind}.j2" for kind in ("txt", "html")]
            missing = [name for name in pair if name not in names]
            if missing and (len(missing) == 1 or language in {"en", "de"}):
                yield f"{missing[0]} is missing: text and HTML go together"
            elif not missing:
                yield from _tried(found, template, language, pair, allowed)
    known = {f"{template}.{kind}.j2" for template in VARIABLES for kind in ("txt", "html")}
    strange = [name for name in names if "/" in name and name.rpartition("/")[2] not in known]
    yield from (f"{name} is no template: there is {', '.join(VARIABLES)}" for name in sorted(strange))


def _tried(
    found: Templates, template: str, language: str, pair: list[str], allowed: frozenset[str]
) -> Iterator[str]:
    """Try a pair of templates with all that it may be given, and with as little."""
    try:
        for name in pair:
            if beyond := _names(found.environment, name) - allowed:
                yield f"{name} uses {', '.join(sorted(beyond))}, and may use {', '.join(sorted(allowed))}"
                return
        for variables in samples(template):
            subject, text, _ = found.write(template, language, variables)
            if not subject or not text.strip():
                yield f"{pair[0]} has a subject in its first line, and a text after a blank one"
                return
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        yield f"{pair[0]} or {pair[1]}: {type(error).__name__}: {error}"


def _names(environment: ImmutableSandboxedEnvironment, name: str) -> set[str]:
    """Return the variables that a template uses, with those of all templates that it builds on."""
    if environment.loader is None:
        raise TemplateNotFound(name)
    tree = environment.parse(environment.loader.get_source(environment, name)[0])
    found = meta.find_undeclared_variables(tree)
    for other in meta.find_referenced_templates(tree):
        found |= _names(environment, other) if other is not None else {"a template chosen by a variable"}
    return found


def _is_html(name: str | None) -> bool:
    return name is None or name.endswith(".html.j2")


@pass_context
def _money(context: Context, value: Money) -> str:
    """Write an amount as the mail's language does, with its currency's digits: 1,234.50 EUR, 1.234,50 EUR."""
    written = f"{value.amount:,.{exponent(value.currency)}f}"
    if _spoken(context) == "de":
        written = written.translate(str.maketrans(",.", ".,"))
    return f"{written}\N{NO-BREAK SPACE}{value.currency}"


def _date_in(zone: tzinfo) -> Callable[[Context, datetime], str]:
    @pass_context
    def date(context: Context, value: datetime) -> str:
        """Write a day as the mail's language does: 20 November 2026, 20. November 2026."""
        day, language = value.astimezone(zone), _spoken(context)
        month = _MONTHS.get(language, _MONTHS["en"])[day.month - 1]
        return f"{day.day}{'.' if language == 'de' else ''} {month} {day.year}"

    return date


def _spoken(context: Context) -> str:
    return str(context.get("language", "en")).partition("-")[0]
