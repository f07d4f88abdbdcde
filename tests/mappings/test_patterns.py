"""Regular expressions that can't hang."""

import re
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.engine.transforms.patterns import safe_pattern
from mappings.errors import Refusal


@pytest.mark.parametrize(
    "pattern",
    [
        "abc", r"[0-9]{3,5}", r"^(\w+) *, *(\w+)$", "a|b|cd", "(?:ab){3}", r"([A-Z]{2})?[0-9]+", r"[^a-z\]]+",
        r"(a|b)c?", r"\.\*\\", "", "[]x]", "a{2,}", "x+?", r"(\d{2}){3}",
    ],
)  # fmt: skip
def test_ordinary_patterns_are_taken(pattern: str) -> None:
    assert safe_pattern(pattern).regex.pattern == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a+)+", "repeats a group"),
        ("(a|a)*", "repeats a group"),
        ("((a?){20}){20}", "repeats a group"),
        ("(?=a)", "look around"),
        ("(?P<n>a)", "look around"),
        ("(?i)a", "look around"),
        (r"(a)\1", "can't have"),
        (r"\A", "can't have"),
        ("a++", "can't have"),
        ("*a", "can't have"),
        ("a)", "can't have"),
        ("(a", "isn't closed"),
        ("[a", "can't have"),
        ("[[a]", "can't have"),
        ("[a--b]", "set of characters"),
        ("[a||b]", "set of characters"),
        ("[z-a]", "the pattern is wrong"),
        ("a{3,1}", "the pattern is wrong"),
        ("a*" * 6, "take too long"),
        ("a?" * 30, "take too long"),
        ("a|" * 30 + "b", "take too long"),
        ("x" * 300, "up to 200 characters"),
    ],
)
def test_patterns_that_could_hang_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        safe_pattern(pattern)


def test_a_text_that_is_too_long_for_a_pattern_is_refused() -> None:
    pattern = safe_pattern(".*a.*b.*c")
    with pytest.raises(Refusal, match="is tried on up to"):
        pattern.check("x" * (pattern.longest + 1))


pieces = st.sampled_from(
    ["a", "b", "[ab]", ".", r"\w", "a*", "b+", ".*", "[ab]{1,4}", "(ab)?", "(?:a|b)", r"\s*", "$"]
)


@settings(deadline=None)
@given(st.lists(pieces, max_size=8).map("".join), st.sampled_from(["a", "b", "ab", "ba "]))
def test_what_is_taken_ends_soon(pattern: str, filling: str) -> None:
    try:
        made = safe_pattern(pattern)
    except ValueError:
        return
    text = (filling * made.longest)[: made.longest - 1] + "!"
    start = time.process_time()
    made.regex.search(text)
    made.regex.fullmatch(text)
    assert time.process_time() - start < 10


@settings(deadline=None)
@given(st.text("ab()[]{}|*+?\\^$.,-0123 ", max_size=30))
def test_any_text_is_a_pattern_or_is_refused(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(safe_pattern(text).regex, re.Pattern)
