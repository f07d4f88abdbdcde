"""Looking into sets whose segments are plain values: for whoever plays a trading partner."""

from collections.abc import Iterator, Sequence

from mappings.syntax.edi.ack.composing import Plain


def all_of(segments: Sequence[Plain], tag: str) -> Iterator[Plain]:
    """Yield the segments with a tag."""
    return (one for one in segments if one[0] == tag)


def one_of(segments: Sequence[Plain], tag: str) -> Plain:
    """Return the first segment with a tag; raise ValueError where there is none."""
    found = next(all_of(segments, tag), None)
    if found is None:
        raise ValueError(f"there is no {tag}")
    return found


def part(segment: Plain, at: int, component: int = 1) -> str:
    """Return a component of an element, both by their places from 1; what is not there is empty."""
    found = segment[at] if at < len(segment) else ""
    parts = (found,) if isinstance(found, str) else found
    return parts[component - 1] if component <= len(parts) else ""


def must_have_x12_address(segments: Sequence[Plain], *, before: str) -> None:
    """Raise ValueError for a set without N1 ST, N3 and N4 in its heading, which ends at the tag `before`."""
    at = next((i for i, one in enumerate(segments) if one[0] == "N1" and part(one, 1) == "ST"), None)
    if at is None:
        raise ValueError("there is no N1 with ST: nobody to send to")
    rest = [one[0] for one in segments[at + 1 :]]
    end = next((i for i, tag in enumerate(rest) if tag in {"N1", before}), len(rest))
    if not {"N3", "N4"} <= set(rest[:end]):
        raise ValueError("the N1 with ST has no N3 and N4: no address to send to")
