"""Whoever follows a link in the documentation arrives: at a file that is kept, and at a heading that is there."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
WRITTEN = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/**/*.md",
    "connectors/*/README.md",
    "mappings/README.md",
)

_FENCED = re.compile(r"^([`~]{3,}).*?^\1[`~]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?(?:\s+[\"'(][^)]*)?\)|^\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)", re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_NAMED = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def documents() -> list[Path]:
    return sorted({path for pattern in WRITTEN for path in ROOT.glob(pattern)})


def links(text: str) -> list[str]:
    """Return what a document links to within the repository. What stands in code is no link."""
    prose = _CODE.sub("", _FENCED.sub("", text))
    found = [inline or reference for inline, reference in _LINK.findall(prose)]
    return [link for link in found if not _ELSEWHERE.match(link)]


def anchors(text: str) -> set[str]:
    """Return what a link's `#…` may name: headings as forges spell them, repeated ones counted, and named places."""
    prose = _FENCED.sub("", text)
    found = set(_NAMED.findall(prose))
    seen: dict[str, int] = {}
    for heading in _HEADING.findall(prose):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def broken(document: Path, root: Path) -> Iterator[str]:
    """Name each link of a document that leads nowhere."""
    for link in links(document.read_text(encoding="utf-8")):
        name, _, anchor = unquote(link).partition("#")
        target = (document.parent / name).resolve() if name else document.resolve()
        if not target.is_relative_to(root.resolve()) or not target.exists():
            yield f"{document.relative_to(root)}: {link}: there is no such file"
        elif anchor and not (
            target.suffix == ".md" and anchor in anchors(target.read_text(encoding="utf-8"))
        ):
            yield f"{document.relative_to(root)}: {link}: there is no such heading"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_something_that_exists(document: Path) -> None:
    assert list(broken(document, ROOT)) == []


@pytest.mark.parametrize("pattern", WRITTEN)
def test_each_place_has_documents(pattern: str) -> None:
    assert list(ROOT.glob(pattern))


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[a](other.md)", None),
        ("[a](other.md#what-it-does)", None),
        ("[a](#here--there)", None),
        ("[a](folder/)", None),
        ("[a](https://example.com/nowhere.md#nothing)", None),
        ("`[a](gone.md)`", None),
        ("```\n[a](gone.md)\n```", None),
        ("[a](gone.md)", "no such file"),
        ("[a](gone.md 'its title')", "no such file"),
        ("[a]\n\n[a]: gone.md", "no such file"),
        ("[a](../outside.md)", "no such file"),
        ("[a](#gone)", "no such heading"),
        ("[a](other.md#gone)", "no such heading"),
        ("[a](other.md#not-a-heading)", "no such heading"),
        ("[a](other.md#twice-1)", None),
        ("[a](other.md#twice-2)", "no such heading"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, link: str, said: str | None) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "outside.md").write_text("# Outside\n")
    (root / "other.md").write_text(
        "# What `it` does?\n\n```sh\n# not a heading\n```\n\n## Twice\n\n## Twice\n"
    )
    document = root / "document.md"
    document.write_text(f"# Here & there\n\n{link}\n")
    found = list(broken(document, root))
    assert [said in one for one in found if said] == ([True] if said else [])
    assert len(found) == (1 if said else 0)
