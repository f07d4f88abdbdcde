"""Splits an element at a separator, with regard to EDIFACT's release character."""

from mappings.syntax.edi.model import Delimiters


def split(text: str, separator: str | None, delimiters: Delimiters) -> list[str]:
    """Return the parts of `text`, still with their release characters; one, if there is no such separator."""
    if separator is None or separator not in text:
        return [text]
    release = delimiters.release
    if release is None or release not in text:
        return text.split(separator)
    parts = [""]
    characters = iter(text)
    for character in characters:
        if character == separator:
            parts.append("")
        else:
            parts[-1] += character + next(characters, "") if character == release else character
    return parts


def unreleased(text: str, delimiters: Delimiters) -> str:
    """Return the value without its release characters."""
    release = delimiters.release
    if release is None or release not in text:
        return text
    characters = iter(text)
    return "".join(next(characters, "") if character == release else character for character in characters)
