"""`python -m metrics check | dictionary | compile`: what can be done with definitions alone."""

from __future__ import annotations

import argparse
import datetime as dt
import sys

import settings as house
from metrics import catalogue, dictionary, queries
from settings import ConfigError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m metrics", description=__doc__)
    parser.add_argument(
        "command", choices=["check", "dictionary", "compile"],
        help="check: say what is wrong with the definitions; dictionary: write docs/metrics.md; "
        "compile: keep the SQL of every metric, so that `measure` finds it",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        found = catalogue.load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    if options.command == "dictionary":
        print(dictionary.write(found))
    elif options.command == "compile":
        run = _run()
        queries.compiled(found, queries.manifests(run, found), queries.sql_cache(run))
    else:
        print(f"{len(found.metrics)} metrics, {len(found.measures)} measures: nothing is wrong.")
    return 0


def _run() -> house.Run:
    settings, now = house.load_settings(), dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return house.Run(settings, house.load_paths(), "", house.clock(settings), now)


if __name__ == "__main__":
    sys.exit(main())
