"""What somebody likely meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` of the `known` words that look like `word`, the likeliest first."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(name.casefold(), name)
    # A very long word is no typing mistake, and comparing it would take long.
    return [folded[match] for match in get_close_matches(word[:80].casefold(), folded, n=count, cutoff=0.6)]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a clause that suggests what was meant, or lists what there is when that is short."""
    names = sorted(set(known))
    if matches := nearest(word, names):
        return f"; did you mean {' or '.join(matches)}?"
    few = 12
    return f"; there is {', '.join(names)}" if 0 < len(names) <= few else ""
