"""`python -m ingestion check FILE...`: what would be loaded from a file, and why not."""

import argparse
import sys
from pathlib import Path

from settings import ConfigError, load_paths, load_settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ingestion")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("check", help="explain files without loading anything")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    options = parser.parse_args()
    from ingestion.check import check

    try:
        return 0 if check(options.files, load_settings(), load_paths()) else 1
    except ConfigError as error:
        print(f"plumbline: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
