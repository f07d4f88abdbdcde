"""`${NAME}` and `file:` in `hub.yaml`: what differs between environments, and what nobody writes down."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.config.problems import ConfigError, ConfigProblem
from hub.config.tree import Node, Step, parse_yaml, path_text
from mappings.errors import Mark
from mappings.suggest import did_you_mean

VALUES_VARIABLE = "ORDERHUB_VALUES"
LARGEST_SECRET = 64 * 1024
_FILE = "file:"
_PLACEHOLDER = re.compile(r"\$(?:\$|\{(?P<name>[^{}:]*)(?::-(?P<default>[^{}]*))?\})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Values:
    """What placeholders stand for: the environment first, then a file of values."""

    environ: Mapping[str, str]
    file: str | None = None
    known: Mapping[str, str] = field(default_factory=dict[str, str])

    def get(self, name: str) -> str | None:
        """Return the value of `name`. An empty variable counts as none, as compose files leave it."""
        return self.environ.get(name) or self.known.get(name)

    def names(self) -> list[str]:
        """Return the names that are there, for a suggestion; the environment's only where they are ours."""
        return [*self.known, *(name for name in self.environ if name.startswith("ORDERHUB_"))]


def read_values(path: Path | None, environ: Mapping[str, str]) -> Values:
    """Read a file of values: `key: value`, or nested, then named `outer.inner`. Raise `ConfigError`."""
    if path is None:
        return Values(environ)
    root = parse_yaml(read_text(path, "the file of values"), str(path))
    if not isinstance(root.value, dict):
        raise ConfigError(
            [ConfigProblem(root.mark, "a file of values is written as `name: value`, nested if need be")]
        )
    known: dict[str, str] = {}
    problems: list[ConfigProblem] = []
    for steps, leaf in root.leaves():
        if any(isinstance(step, int) for step in steps) or isinstance(leaf.value, list | dict):
            problems.append(ConfigProblem(leaf.mark, "a value is one text or number", path_text(steps)))
        else:
            known[".".join(str(step) for step in steps)] = _text(leaf)
    if problems:
        raise ConfigError(problems)
    return Values(environ, str(path), known)


def read_text(path: Path, what: str) -> str:
    """Return a file's text; raise `ConfigError` that says what to do."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        reason = f"there is no such file: {what} is read from here"
    except UnicodeDecodeError as error:
        reason = f"the file is not UTF-8: the byte at {error.start} can't be read"
    except OSError as error:
        reason = f"{what} can't be read: {error.strerror or error}"
    raise ConfigError([ConfigProblem(Mark(str(path)), reason)])


class Resolver:
    """Fills in placeholders and `file:`; what is wrong goes to `problems`, and the value stays as written."""

    def __init__(self, values: Values, folder: Path) -> None:
        self._values, self._folder = values, folder
        self.problems: dict[tuple[Step, ...], ConfigProblem] = {}

    def resolve(self, node: Node, path: tuple[Step, ...] = ()) -> Node:
        """Return the tree with every text filled in. Keys are taken as they are."""
        if isinstance(node.value, dict):
            filled = {key: self.resolve(child, (*path, key)) for key, child in node.value.items()}
            return Node(filled, node.mark, node.keys)
        if isinstance(node.value, list):
            items = [self.resolve(child, (*path, i)) for i, child in enumerate(node.value)]
            return Node(items, node.mark)
        if not isinstance(node.value, str):
            return node
        text = self._substituted(node.value, node, path)
        if _names_a_file(node.value):
            text = self._content(text, node, path)
        return node if text == node.value else Node(text, node.mark, written=node.value)

    def _substituted(self, text: str, node: Node, path: tuple[Step, ...]) -> str:
        def fill(match: re.Match[str]) -> str:
            name, default = match["name"], match["default"]
            if name is None:
                return "$"
            if not _NAME.fullmatch(name):
                self._add(node, path, f"{match[0]!r} is no placeholder: write ${{NAME}}, or $$ for a dollar")
                return match[0]
            value = self._values.get(name)
            if value is None and default is None:
                self._add(node, path, self._missing(name))
                return match[0]
            text = default if value is None else value
            return self._content(text, node, path) if _names_a_file(text) else text

        return _PLACEHOLDER.sub(fill, text)

    def _missing(self, name: str) -> str:
        meant = did_you_mean(name, self._values.names()) if self._values.names() else ""
        where = (
            f"nor is there a value in {self._values.file}: set it there, or"
            if self._values.file
            else f"and there is no file of values (--values or {VALUES_VARIABLE}):"
        )
        return f"the environment variable {name} is not set, {where} export {name}{meant}"

    def _content(self, text: str, node: Node, path: tuple[Step, ...]) -> str:
        """Return what a file holds, without the line end that editors put there."""
        name = text.removeprefix(_FILE).strip()
        file = self._folder / Path(name).expanduser()
        content, why = "", ""
        try:
            size = file.stat().st_size
            content = file.read_text(encoding="utf-8").rstrip("\r\n") if size <= LARGEST_SECRET else ""
            why = f"has more than {LARGEST_SECRET:,} bytes" if size > LARGEST_SECRET else ""
            why = why or ("" if content else "is empty")
        except UnicodeDecodeError:
            why = "is not UTF-8 text"
        except OSError as error:
            why = f"can't be read: {error.strerror}"
        if why:
            where = "its path counts from the folder of the configuration"
            self._add(node, path, f"the file {name!r} {why}; {where}")
            return text
        return content

    def _add(self, node: Node, path: tuple[Step, ...], reason: str) -> None:
        self.problems.setdefault(path, ConfigProblem(node.mark, reason, path_text(path)))


def _names_a_file(text: str) -> bool:
    """Say whether a text is `file:NAME`; `file://…` is a URL, and stays one."""
    return text.startswith(_FILE) and not text.startswith(f"{_FILE}//")


def _text(node: Node) -> str:
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return "" if node.value is None else str(node.value)
