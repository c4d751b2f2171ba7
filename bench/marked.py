"""Parts of pages that are measured and not written by hand."""

from __future__ import annotations

import re
import typing

if typing.TYPE_CHECKING:
    from pathlib import Path

NUMBER = re.compile(r"[-−+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")  # noqa: RUF001


def marks(name: str) -> tuple[str, str]:
    """The lines around what `python -m bench --only <name>` writes."""
    return f"<!-- figures: `python -m bench --only {name}` -->", "<!-- end of figures -->"


def within(page: Path, name: str) -> str:
    """What stands on a page between the marks of a bench. Raises ValueError without them."""
    first, last = marks(name)
    text = page.read_text(encoding="utf-8")
    return text[text.index(first) + len(first) : text.index(last, text.index(first))].strip("\n")


def put(page: Path, name: str, tables: str) -> None:
    """Write `tables` between the marks of a bench."""
    first, last = marks(name)
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(first)
    page.write_text(
        f"{head}{first}\n\n{tables.strip()}\n\n{last}{rest.split(last, 1)[1]}", encoding="utf-8"
    )


def differing(stored: str, made: str, share: float = 0.0, least: float = 0.0) -> list[str]:
    """Lines of two texts that say something else: other words, or a number that is off by more
    than `share` of it and more than `least`. Texts of other lengths differ as a whole."""
    old, new = stored.strip().splitlines(), made.strip().splitlines()
    if len(old) != len(new):
        return [f"{len(old)} lines are stored, {len(new)} are made"]
    return [
        f"{one}  <>  {other}"
        for one, other in zip(old, new, strict=True)
        if not _alike(one, other, share, least)
    ]


def _alike(one: str, other: str, share: float, least: float) -> bool:
    if one == other:
        return True
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    numbers = zip(_numbers(one), _numbers(other), strict=True)
    return all(abs(x - y) <= max(share * abs(y), least) for x, y in numbers)


def _numbers(text: str) -> list[float]:
    return [
        float(found.replace(",", "").replace("−", "-"))  # noqa: RUF001
        for found in NUMBER.findall(text)
    ]
