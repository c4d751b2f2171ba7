"""`python -m metrics check | dictionary`: what can be said of the definitions without data."""

from __future__ import annotations

import argparse
import sys

from metrics import catalogue, dictionary
from settings import ConfigError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m metrics", description=__doc__)
    parser.add_argument(
        "command", choices=["check", "dictionary"],
        help="check: say what is wrong with the definitions; dictionary: write docs/metrics.md",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        found = catalogue.load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    if options.command == "dictionary":
        print(dictionary.write(found))
    else:
        print(f"{len(found.metrics)} metrics, {len(found.measures)} measures: nothing is wrong.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
