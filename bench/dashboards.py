"""Dashboards: requests and seconds of applies to the tests' server; how fast cards answer."""

from __future__ import annotations

import dataclasses
import sys
import time
import typing
from pathlib import Path

from metrics import boards
from metrics.board_lint import card_times, percentile
from metrics.metabase import run
from metrics.metabase.transport import Server
from settings import ROOT, Metabase, Organization, Paths, Privacy, Settings


class Apply(typing.NamedTuple):
    requests: int
    writes: int
    seconds: float


def applies(data: Path) -> dict[str, Apply]:
    """A first apply of all dashboards over a build, a second, and one with one card changed."""
    sys.path.insert(0, str(ROOT / "tests"))
    import fake_metabase

    found = boards.load()
    tile = next(tile for tile in found[0].tiles if tile.card is not None)
    card = dataclasses.replace(tile.card, title=f"{tile.card.title}.")
    tiles = tuple(
        dataclasses.replace(each, card=card) if each is tile else each for each in found[0].tiles
    )
    changed = (dataclasses.replace(found[0], tiles=tiles), *found[1:])
    with fake_metabase.running() as fake:
        fake.contract = None  # holding requests against it is not the client's work
        settings = Settings(
            Organization("Bench"), Privacy(key="sample"), metabase=Metabase(fake.url)
        )
        told = {}
        for name, those in (("first", found), ("second", found), ("one card changed", changed)):
            server = Server(fake.url, fake.headers)
            work = run.work_on(
                settings, Paths(data), those, boards.COLLECTIONS, is_applied=True, server=server
            )
            begun = time.perf_counter()
            run.apply(work)
            seconds = time.perf_counter() - begun
            told[name] = Apply(server.counts.all, server.counts.writes, seconds)
    return told


def cards(data: Path) -> tuple[int, float, float, str]:
    """(cards, p95 and slowest in milliseconds, the slowest card) on what a build served."""
    served = Paths(data).served
    times = card_times(boards.load(), served / "plumbline.duckdb", served / "people.duckdb")
    slowest = max(times, key=lambda each: each[1])
    return len(times), percentile(times) * 1000, slowest[1] * 1000, slowest[0]
