"""A page of the documentation, followed to the letter in a checkout of its own."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent
CODE = ("canonical", "mappings", "routes", "core", "connectors", "hub", "tests")
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROGRAMS = {"orderhub": "hub.cli", "pytest": "pytest", "ruff": "ruff"}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: in which language, for which file (or `red` for commands that are to fail), and what."""

    language: str
    about: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in their order."""
    for match in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(match[1], match[2] or "", match[3])


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the code, in which a reader does what the page says."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Checkout":
        """Copy the packages."""
        for package in CODE:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        return cls(folder)

    def environment(self) -> dict[str, str]:
        """Return what commands run with. What a copy runs is not measured: it would count as code without tests."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        return {**kept, "PYTHONPATH": str(self.folder), "NO_COLOR": "1"}

    def do(self, block: Block) -> None:
        """Do what a block says."""
        match block.language:
            case "sh":
                for line in block.text.splitlines():
                    self.run(line, fails=block.about == "red")
            case "diff":
                self.add_lines(self.folder / block.about, block.text)
            case _ if block.about:
                self.write(self.folder / block.about, block.text)
            case _:
                pass

    def run(self, line: str, *, fails: bool) -> str:
        """Run a command of the page; check that it ends as the page says."""
        command, _, target = line.partition(" > ")
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [sys.executable, "-m", _PROGRAMS[program], *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) is fails, f"{line}: status {done.returncode}\n{said}"
        assert "Traceback" not in said or program == "pytest", said
        if target:
            (self.folder / target).write_text(done.stdout, encoding="utf-8")
        return said

    def add_lines(self, file: Path, diff: str) -> None:
        """Add the lines with a plus below those without one, each of which the file has once."""
        text = file.read_text(encoding="utf-8")
        after = ""
        for line in diff.splitlines():
            if line.startswith("+"):
                assert text.count(f"{after}\n") == 1, after
                text = text.replace(f"{after}\n", f"{after}\n{line[1:]}\n")
            else:
                after = line[1:]
        file.write_text(text, encoding="utf-8")

    def write(self, file: Path, text: str) -> None:
        """Write a whole file; or, where the block is functions alone, put them in the place of those in the file."""
        if not text.startswith("def "):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        (function,) = ast.parse(text).body
        assert isinstance(function, ast.FunctionDef)
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        (old,) = [
            node
            for node in ast.walk(ast.parse("".join(lines)))
            if isinstance(node, ast.FunctionDef) and node.name == function.name
        ]
        assert old.end_lineno is not None
        lines[old.lineno - 1 : old.end_lineno] = [textwrap.indent(text, " " * old.col_offset)]
        file.write_text("".join(lines), encoding="utf-8")
