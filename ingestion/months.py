"""Names of months in the languages of people's exports (Unicode CLDR, through Babel)."""

from __future__ import annotations

import functools
import re

LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl")
ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MORE = {
    "de": {"jän": 0, "jänner": 0, "mrz": 2, "sept": 8},
    "en": {"sept": 8},
    "es": {"set": 8},
    "pt": {"maio": 4},
}
"""What spreadsheets write beside what CLDR lists."""


@functools.cache
def names(language: str) -> dict[str, int]:
    """Name in small letters, without a stop -> month from 0."""
    from babel.dates import get_month_names

    found: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for context in ("format", "stand-alone"):
            told = get_month_names(width, context, locale=language)
            found |= {name.lower().rstrip("."): month - 1 for month, name in told.items()}
    return found | _MORE.get(language, {})


@functools.cache
def patterns(language: str) -> tuple[tuple[str, str], ...]:
    """(regular expression of a month's names, its English short name), the longest names first."""
    found = []
    for month, english in enumerate(ENGLISH):
        own = sorted((n for n, m in names(language).items() if m == month), key=len, reverse=True)
        found.append((rf"(?i)(^|[^\pL])({'|'.join(map(re.escape, own))})\.?($|[^\pL])", english))
    return tuple(found)


def in_english(text: str, language: str) -> str:
    """The text with the name of its month as strptime's %b knows it."""
    for word in re.findall(r"[^\W\d_]+", text):
        month = names(language).get(word.lower())
        if month is not None:
            return re.sub(rf"{word}\.?", ENGLISH[month], text, count=1)
    return text


def in_english_sql(text: str, language: str) -> str:
    """SQL that does the same."""
    for pattern, english in patterns(language):
        quoted = pattern.replace("'", "''")
        text = f"regexp_replace({text}, '{quoted}', '\\1{english}\\3')"
    return text


def language_of(words: set[str]) -> str | None:
    """The first language in which all words are names of months; None where there is none."""
    for language in LANGUAGES:
        if words and all(word.lower().rstrip(".") in names(language) for word in words):
            return language
    return None
