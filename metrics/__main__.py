"""`python -m metrics check | dictionary | compile | explain | tree | reported | dashboards …`: what
can be done with definitions, with what was published, and with dashboards made of both."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from pathlib import Path

import settings as house
from metrics import catalogue, dictionary, queries
from settings import ConfigError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m metrics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="say what is wrong with the definitions")
    commands.add_parser("dictionary", help="write docs/metrics.md")
    commands.add_parser("compile", help="keep the SQL of every metric, so that `measure` finds it")
    explain = commands.add_parser("explain", help="all that stands behind one published number")
    explain.add_argument("metric")
    explain.add_argument(
        "about", nargs="*", metavar="SLICE or PERIOD",
        help="network=linkedin; 2026, 2026-Q3, 2026-09, 2026-W38, 2026-09-14 or a grain",
    )  # fmt: skip
    tree = commands.add_parser("tree", help="print what a number is made of and why it changed")
    tree.add_argument("name", nargs="?", help="a tree or a metric in one; all of them unless given")
    asked = commands.add_parser("reported", help="what was reported on a day, and what is said now")
    asked.add_argument("metric")
    asked.add_argument("--on", type=_day, required=True, help="day, as 2026-05-01")
    asked.add_argument(
        "--grain", choices=catalogue.GRAINS, help="month by default, else the coarsest there is"
    )
    asked.add_argument("--period", type=_day, help="a day in it; the last complete one by default")
    asked.add_argument("--slice", default="all", help="name=value; all by default")
    dashboards(commands.add_parser("dashboards", help="dashboards on a Metabase server"))
    options = parser.parse_args(arguments)
    try:
        if options.command == "dashboards":
            return _dashboards(options)
        if options.command == "explain":
            return _explain(options)
        if options.command == "tree":
            return _tree(options.name)
        if options.command == "reported":
            return _reported(options)
        found = catalogue.load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    if options.command == "dictionary":
        print(dictionary.write(found))
    elif options.command == "compile":
        run = _run()
        manifests, cache = queries.manifests(run, found), queries.sql_cache(run)
        queries.compiled(found, manifests, cache)
        queries.stretches(found, manifests, cache)
        if run.settings.organization.has_own_year:
            queries.compiled_fiscal(found, manifests, queries.fiscal_cache(run))
    else:
        print(f"{len(found.metrics)} metrics, {len(found.measures)} measures: nothing is wrong.")
    return 0


def _explain(options: argparse.Namespace) -> int:
    from metrics.explain import explain

    slices = [text for text in options.about if "=" in text]
    periods = [text for text in options.about if "=" not in text and text != "all"]
    if len(slices) > 1 or len(periods) > 1:
        raise ConfigError("explain takes one slice (name=value) and one period.")
    for line in explain(_run(), options.metric, *(slices or [None]), *(periods or [None])):
        print(line)
    return 0


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day: write 2026-05-01") from None


def _reported(options: argparse.Namespace) -> int:
    from metrics import reported

    run = _run()
    answer = reported.reported(
        run.paths.served / "plumbline.duckdb", options.metric, options.on, run.as_of,
        options.grain, options.period, options.slice,
    )  # fmt: skip
    print(reported.told(options.metric, options.on, answer))
    return 0


def dashboards(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    quiet = argparse.ArgumentParser(add_help=False)
    quiet.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")
    changing = argparse.ArgumentParser(add_help=False)
    changing.add_argument(
        "--prune", action="store_true", help="take away what left the definitions"
    )
    changing.add_argument(
        "--overwrite", action="store_true", help="undo what people changed by hand in our items"
    )
    told = {
        "plan": "what an apply would do; exit code 4 when there is something",
        "apply": "bring the server to the definitions; exit code 3 when hand-made changes stay in "
        "the way",
    }
    for name, text in told.items():
        actions.add_parser(name, help=text, parents=[quiet, changing])
    actions.add_parser("verify", help="compare every card with the served copy", parents=[quiet])
    export = actions.add_parser("export", help="write what people changed as YAML", parents=[quiet])
    export.add_argument("--to", type=Path, help="folder; data/dashboards_by_hand unless given")
    destroy = actions.add_parser("destroy", help="archive all that is ours", parents=[quiet])
    destroy.add_argument("--yes", action="store_true", help="do it; otherwise only say what")
    actions.add_parser("lint", help="run every card on the served copy", parents=[quiet])
    preview = actions.add_parser(
        "preview", help="draw the scorecard, and the restricted dashboards beside it",
        parents=[quiet],
    )  # fmt: skip
    preview.add_argument("--to", type=Path, help="file; data/scorecard.html unless given")
    preview.add_argument("--served", type=Path, help="publication; data/served unless given")


def _dashboards(options: argparse.Namespace) -> int:
    from metrics import boards

    settings, paths = house.load_settings(), house.load_paths()
    found = boards.load()
    if options.action in ("lint", "preview"):
        return _offline(options, paths, found)
    from metrics.metabase import run

    work = run.work_on(
        settings, paths, found, boards.COLLECTIONS,
        is_applied=options.action == "apply" or getattr(options, "yes", False),
        prune=getattr(options, "prune", False),
        overwrite=getattr(options, "overwrite", False),
        say=_progress(options),
    )  # fmt: skip
    if options.action == "apply":
        run.refuse_broken(paths, found)
    if options.action == "verify":
        wrong = run.verify(work)
        for line in wrong:
            print(line, file=sys.stderr)
        _say(options, f"{sum(len(b.cards) for b in found)} cards, {len(wrong)} wrong.")
        return 1 if wrong else 0
    if options.action == "export":
        files = run.export(work, options.to or paths.data / "dashboards_by_hand")
        _say(options, "\n".join(map(str, files)) or "Nothing was changed by hand.")
        return 0
    code = {"plan": run.plan, "apply": run.apply, "destroy": run.destroy}[options.action](work)
    _say(options, "\n".join(run.told(work.changes, work.is_applied)))
    if options.action == "destroy" and not options.yes:
        _say(options, "Nothing was done; say --yes.")
    return code


def _tree(name: str | None) -> int:
    import duckdb

    from metrics.outline import outline

    with duckdb.connect(str(_served()), read_only=True) as connection:
        print(outline(connection, name))
    return 0


def _served() -> Path:
    paths = house.load_paths()
    file = paths.served / "plumbline.duckdb"
    if not file.exists():
        raise ConfigError(f"{paths.served}: nothing is published yet; run make build first.")
    return file


def _offline(options: argparse.Namespace, paths: house.Paths, found: tuple) -> int:
    served = (getattr(options, "served", None) or paths.served).resolve()
    plumbline, people = served / "plumbline.duckdb", served / "people.duckdb"
    if not plumbline.exists():
        raise ConfigError(f"{served}: nothing is published there; run make build first.")
    if options.action == "lint":
        from metrics.board_lint import lint

        findings = lint(found, plumbline, people)
        for finding in findings:
            print(finding, file=sys.stderr)
        thin = sum(finding.is_data for finding in findings)
        _say(
            options,
            f"{sum(len(b.cards) for b in found)} cards, {len(findings) - thin} would not draw, "
            f"{thin} findings on what the data hold.",
        )
        return 1 if len(findings) > thin else 0
    import duckdb

    from metrics.scorecard import render

    out = options.to or paths.data / "scorecard.html"
    try:
        written = render(found, plumbline, people if people.exists() else None, out)
    except duckdb.Error as error:
        raise ConfigError(
            f"{served}: {str(error).splitlines()[0]}; it was published with other definitions than "
            "those of today: run make build."
        ) from None
    _say(options, "\n".join(map(str, written)))
    return 0


def _progress(options: argparse.Namespace):
    if options.quiet or not sys.stderr.isatty():
        return lambda text: None
    return lambda text: print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)


def _say(options: argparse.Namespace, text: str) -> None:
    if not options.quiet:
        if sys.stderr.isatty():
            print("\r\x1b[2K", end="", file=sys.stderr)
        print(text)


def _run() -> house.Run:
    settings, now = house.load_settings(), dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return house.Run(settings, house.load_paths(), "", house.clock(settings), now)


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has seen enough
        os._exit(0)
    sys.exit(code)
