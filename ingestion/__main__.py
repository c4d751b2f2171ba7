"""`python -m ingestion check|feed|replay`: what would be loaded, a mapping for what is new, and
quarantined rows out and back in."""

import argparse
import os
import sys
from pathlib import Path

from settings import ConfigError, load_paths, load_settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ingestion")
    commands = parser.add_subparsers(required=True, dest="command")
    command = commands.add_parser("check", help="explain files without loading anything")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command = commands.add_parser("feed", help="recognise files and write their mapping")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--yes", action="store_true", help="write without asking")
    command.add_argument("--contract", metavar="FEED", help="the contract that is meant")
    command.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="stated",
        help="what the file leaves open: a key of the mapping, a column of the contract, its key "
        "(spend.thousands=.) or a word of it (stage.words.Nurture=open)",
    )  # fmt: skip
    command = commands.add_parser(
        "replay", help="write quarantined rows to correct; with files: take corrected ones back"
    )
    command.add_argument("files", nargs="*", type=Path, metavar="FILE")
    command.add_argument("--yes", action="store_true", help="take them without asking")
    options = parser.parse_args()
    try:
        done = _run(options)
        sys.stdout.flush()
        return 0 if done else 1
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ConfigError as error:
        print(f"plumbline: {error}", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> bool:
    settings, data = load_settings(), load_paths()
    if options.command == "check":
        from ingestion.check import check

        return check(options.files, settings, data)
    ask = (lambda question: True) if options.yes else _ask
    if options.command == "replay":
        from ingestion import replaying

        if not options.files:
            return replaying.export(settings, data)
        return replaying.replay(options.files, settings, data, ask)
    from ingestion import proposing

    return proposing.feed(
        options.files, settings, data, contract=options.contract,
        stated=proposing.spoken(options.stated),
        ask=ask,
    )  # fmt: skip


def _ask(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes", "j", "ja")
    except EOFError:
        return False


if __name__ == "__main__":
    sys.exit(main())
