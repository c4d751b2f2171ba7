"""The steps of a build, in order: lock, run id, progress, timing, exit code, notification.

`ingest → gate-raw → transform → measure → gate-marts → publish`. Nothing else stands here: what
a step does is its package's. Exit codes: 0 published (or nothing new since the publication that
is served), 1 nothing published and the last publication untouched.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import dataclasses
import datetime as dt
import fcntl
import gc
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
import traceback
import typing
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import settings as house
from settings import ROOT, ConfigError, Outcome, Run

Step = Callable[[Run], Outcome]


class BuildFailed(Exception):
    """A step failed; its lines say why."""


def ingest(run: Run) -> Outcome:
    from ingestion.run import ingest as step

    return step(run)


def gate_raw(run: Run) -> Outcome:
    from expectations.gate import gate

    return gate(run, "raw")


def transform(run: Run) -> Outcome:
    """`dbt build` in this process: a second start-up would cost more than the models.

    Unit tests prove the SQL, not the data, so `make test` runs them and a build does not.
    """
    os.environ["PLUMBLINE_DATA"] = str(run.paths.data)
    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    from dbt.cli.main import dbtRunner

    project = str(ROOT / "dbt_project")
    result = dbtRunner().invoke(
        ["build", "--exclude-resource-type", "unit_test", "--project-dir", project,
         "--profiles-dir", project, "--target-path", str(run.paths.target),
         "--log-path", str(run.paths.logs), "--quiet", "--no-use-colors",
         "--no-version-check", "--log-level", "none", "--log-level-file", "none"]
        + (["--full-refresh"] if os.environ.get("FULL_REFRESH") else [])
    )  # fmt: skip
    if result.exception is not None:
        return Outcome("failed", (str(result.exception).strip(),))
    nodes = list(result.result or [])
    bad = [n for n in nodes if str(n.status) in ("error", "fail", "runtime error")]
    warned = [n for n in nodes if str(n.status) == "warn"]
    lines = tuple(
        f"{n.node.name} ({n.node.original_file_path}): {(n.message or '').strip()}"
        for n in bad + warned
    )
    counts = ", ".join(
        f"{sum(n.node.resource_type == kind for n in nodes)} {label}"
        for kind, label in (("model", "models"), ("seed", "seeds"), ("test", "tests"))
    )  # fmt: skip
    if bad or not nodes or not result.success:
        return Outcome("failed", lines or ("dbt built nothing.",))
    return Outcome("passed", (counts, *lines), rows=len(nodes))


def measure(run: Run) -> Outcome:
    from metrics.measure import measure as step

    return step(run)


def gate_marts(run: Run) -> Outcome:
    """The marts' gate; what it warns of is carried to the trust of every number it touches."""
    from expectations.gate import gate
    from metrics.trust import refresh

    outcome = gate(run, "marts")
    if outcome.status != "failed":
        refresh(run)
    return outcome


def publish(run: Run) -> Outcome:
    from metrics.publish import publish as step

    return step(run)


STEPS: dict[str, Step] = {
    "ingest": ingest,
    "gate-raw": gate_raw,
    "transform": transform,
    "measure": measure,
    "gate-marts": gate_marts,
    "publish": publish,
}

OPS = """
create schema if not exists ops;
create table if not exists ops.runs (
    run_id varchar, command varchar, as_of date, status varchar, started_at timestamp,
    finished_at timestamp, pid bigint, fingerprint varchar, message varchar);
create table if not exists ops.steps (
    run_id varchar, step varchar, status varchar, started_at timestamp, seconds double,
    rows bigint, message varchar);
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command of the pipeline; the exit code scripts can rely on."""
    options = _options(arguments)
    try:
        return _command(options)
    except ConfigError as error:
        print(f"plumbline: {error}", file=sys.stderr)
    except BuildFailed as error:
        print(f"plumbline: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("plumbline: interrupted; the last publication is as it was.", file=sys.stderr)
    return 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pipeline.py", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["build", *STEPS, "scorecard", "rollback"])
    parser.add_argument("target", nargs="?", help="rollback: the publication to serve again")
    parser.add_argument("-q", "--quiet", action="store_true", help="silent unless it fails")
    parser.add_argument(
        "--wait", type=float, default=float(os.environ.get("WAIT") or 0), metavar="SECONDS",
        help="how long to wait for another build to end (default: not at all)",
    )  # fmt: skip
    parser.add_argument(
        "--strict", action="store_true", default=bool(os.environ.get("STRICT")),
        help="publish nothing when a source is degraded (also STRICT=1)",
    )  # fmt: skip
    parser.add_argument(
        "--force", action="store_true", default=bool(os.environ.get("FORCE")),
        help="build even when nothing is new (also FORCE=1)",
    )  # fmt: skip
    return parser.parse_args(arguments)


def _command(options: argparse.Namespace) -> int:
    paths = house.load_paths()
    if options.command == "rollback":
        from metrics.publish import rollback

        with locked(paths, "rollback", options.wait):
            print(rollback(paths, options.target))
        _show(paths, print)
        return 0
    if options.command == "scorecard":
        return _scorecard(paths)
    settings = house.load_settings()
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    voice = Voice(options.quiet)
    run = Run(
        settings=settings,
        paths=paths,
        run_id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
        as_of=house.clock(settings),
        started_at=now,
        say=voice.progress,
    )
    for folder in (paths.warehouse.parent, paths.publications):
        _make(folder)
    with locked(paths, run.run_id, options.wait):
        return _build(run, options, voice)


def _build(run: Run, options: argparse.Namespace, voice: Voice) -> int:
    names = list(STEPS) if options.command == "build" else [options.command]
    with _seldom_collected(), _compiling_ahead(run, options.command) as compiled:
        return _steps(run, options, voice, names, compiled)


@contextlib.contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for garbage more seldom: what dbt parsed and rows that wait to become columns are none,
    and looking at them again and again costs three percent of a build."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _steps(
    run: Run,
    options: argparse.Namespace,
    voice: Voice,
    names: list[str],
    compiled: Callable[[], object],
) -> int:
    try:
        _open_run(run, options.command)
        voice.line(f"{run.settings.organization.name}, as of {run.as_of}, run {run.run_id}")
        degraded, unchanged = False, False
        for name in names:
            if name == "publish":
                if degraded and options.strict:
                    raise BuildFailed("a source is degraded and STRICT is set: nothing published.")
                _mark(run, "publishing")
            if name == "transform":
                compiled()
            outcome = _step(run, name, voice)
            degraded = degraded or outcome.status == "degraded"
            if name == "ingest" and options.command == "build":
                print_ = fingerprint(run)
                unchanged = not options.force and _is_served(run, print_)
                _mark(run, "running", fingerprint=print_)
                if unchanged:
                    break
        if unchanged:
            if degraded and options.strict:
                raise BuildFailed("a source is degraded and STRICT is set.")
            _mark(run, "unchanged", done=True)
            voice.line(f"nothing new: {run.paths.served.resolve().name} is still served.")
        else:
            _mark(run, "degraded" if degraded else "passed", done=True)
    except BaseException as error:
        message = str(error) or type(error).__name__
        with contextlib.suppress(Exception):  # the disk may be what failed
            _mark(run, "failed", done=True, message=message)
        _notify(run, "failed", message, voice)
        if isinstance(error, (BuildFailed, ConfigError, KeyboardInterrupt, SystemExit)):
            raise
        log = run.paths.warehouse.parent / "last_error.txt"
        with contextlib.suppress(OSError):  # the disk may be what failed
            log.write_text(traceback.format_exc(), encoding="utf-8")
        raise BuildFailed(f"{type(error).__name__}: {message} (whole story in {log})") from error
    if options.command == "build":
        voice.summary(run)
        _show(run.paths, voice.line, run.settings)
        _notify(run, "unchanged" if unchanged else "published", "", voice)
    return 0


@contextlib.contextmanager
def _compiling_ahead(run: Run, command: str) -> Iterator[Callable[[], object]]:
    """Parse the models and compile the metrics in a second process while the first reads sources:
    it needs no data, and a first build has two cores. What it finds wrong, `measure` says again."""
    if command != "build":
        yield lambda: None
        return
    process = subprocess.Popen(
        [sys.executable, "-m", "metrics", "compile"],
        cwd=ROOT, env={**os.environ, "PLUMBLINE_DATA": str(run.paths.data)},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process.wait
    finally:
        process.kill()
        process.wait()


def _step(run: Run, name: str, voice: Voice) -> Outcome:
    started, clock = dt.datetime.now(dt.UTC).replace(tzinfo=None), time.perf_counter()
    with voice.working(name):
        try:
            outcome = STEPS[name](run)
        except Exception as error:
            _note_step(run, name, "failed", started, time.perf_counter() - clock, None, str(error))
            raise
        finally:
            _let_go()
    seconds = time.perf_counter() - clock
    _note_step(run, name, outcome.status, started, seconds, outcome.rows, "\n".join(outcome.lines))
    voice.step(name, outcome, seconds)
    if outcome.status == "failed":
        raise BuildFailed(f"{name} failed.\n  " + "\n  ".join(outcome.lines))
    return outcome


def _let_go() -> None:
    """Close the warehouse that dbt's adapter keeps open for this process: a file that is open to
    write can be neither opened read-only nor attached by the steps after."""
    adapter = sys.modules.get("dbt.adapters.duckdb.connections")
    if adapter is not None:
        adapter.DuckDBConnectionManager.close_all_connections()


def _scorecard(paths: house.Paths) -> int:
    database = paths.served / "plumbline.duckdb"
    if not database.exists():
        raise BuildFailed("nothing is published yet: run `make build`.")
    from metrics.scorecard import summary

    print("\n".join(summary(database.resolve())))
    print(f"\n{(paths.served / 'scorecard.html').resolve()}")
    return 0


# --- the lock ------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(paths: house.Paths, holder: str, wait: float) -> Iterator[None]:
    """Hold the one lock of this data folder. The kernel frees it when a process is killed.

    Raises BuildFailed, naming who holds it, when `wait` seconds were not enough.
    """
    _make(paths.data / "build")
    with (paths.data / "build" / "lock").open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise BuildFailed(
                        f"another build holds {paths.data}: {_holder(file)}. "
                        "Wait for it, or give WAIT=seconds."
                    ) from None
                time.sleep(0.2)
        file.seek(0)
        file.truncate()
        file.write(f"{holder}, process {os.getpid()}, since {dt.datetime.now(dt.UTC):%H:%M:%S}Z")
        file.flush()
        yield


def _holder(file: typing.TextIO) -> str:
    """Who holds the lock; a build says so a moment after it took it."""
    for _ in range(20):
        file.seek(0)
        if told := file.read().strip():
            return told
        time.sleep(0.05)
    return "unknown"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be made ({error.strerror}): set PLUMBLINE_DATA to a folder you own."
        ) from None


# --- ops.runs, ops.steps -------------------------------------------------------------------------


@contextlib.contextmanager
def _warehouse(run: Run) -> Iterator[typing.Any]:
    import duckdb

    with duckdb.connect(str(run.paths.warehouse)) as connection:
        yield connection


def _open_run(run: Run, command: str) -> None:
    """Note the run; runs still 'running' were killed, for we hold the lock."""
    with _warehouse(run) as warehouse:
        warehouse.execute(OPS)
        warehouse.execute(
            "update ops.runs set status = 'killed', finished_at = ? "
            "where status in ('running', 'publishing')",
            [run.started_at],
        )
        warehouse.execute(
            "insert into ops.runs values (?, ?, ?, 'running', ?, null, ?, null, null)",
            [run.run_id, command, run.as_of, run.started_at, os.getpid()],
        )


def _mark(
    run: Run, status: str, *, done: bool = False, fingerprint: str | None = None, message: str = ""
) -> None:
    finished = dt.datetime.now(dt.UTC).replace(tzinfo=None) if done else None
    with _warehouse(run) as warehouse:
        warehouse.execute(
            "update ops.runs set status = ?, finished_at = ?, "
            "fingerprint = coalesce(?, fingerprint), message = ? where run_id = ?",
            [status, finished, fingerprint, message or None, run.run_id],
        )


def _note_step(
    run: Run, name: str, status: str, started: dt.datetime, seconds: float, rows: int | None,
    message: str,
) -> None:  # fmt: skip
    with _warehouse(run) as warehouse:
        warehouse.execute(
            "insert into ops.steps values (?, ?, ?, ?, ?, ?, ?)",
            [run.run_id, name, status, started, round(seconds, 3), rows, message or None],
        )


def fingerprint(run: Run) -> str:
    """What a build's result depends on: raw rows, clock, settings and the code of later steps.

    Load times are left out: the same rows loaded again are nothing new.
    """
    digest = hashlib.sha256(f"{run.as_of} {run.settings}".encode())
    asked = run.settings.metrics
    for name in ("dbt_project", "expectations", "metrics", asked.goals, asked.trees, asked.causes):
        place = ROOT / name  # an absolute name stays what it is
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file() and file.suffix in {".sql", ".yml", ".py", ".csv", ".html", ".j2"}:
                digest.update(os.path.relpath(file, place).encode() + file.read_bytes())
    with _warehouse(run) as warehouse:
        tables = warehouse.execute(
            "select schema_name, table_name, string_agg('\"' || column_name || '\"', ', ' "
            "order by column_index) from duckdb_columns() where schema_name like 'raw\\_%' escape "
            "'\\' and table_name not like '\\_dlt%' escape '\\' and schema_name not like "
            "'%\\_staging' escape '\\' and column_name not in ('_loaded_at', '_dlt_load_id', "
            "'_dlt_id', '_valid_from', '_valid_to') group by 1, 2 order by 1, 2"
        ).fetchall()
        for schema, table, columns in tables:
            row = warehouse.execute(
                f"select count(*), sum(hash({columns})::hugeint) from {schema}.{table}"
            ).fetchone()
            digest.update(f"{schema}.{table} {row}".encode())
        for row in warehouse.execute(
            "select source, table_name, status, reason from ingest.sources order by 1, 2"
        ).fetchall():
            digest.update(str(row).encode())
    return digest.hexdigest()


def _is_served(run: Run, print_: str) -> bool:
    """Whether the newest publication was made from the same. One that was rolled back is not
    served again before something is new."""
    if not (run.paths.served / "plumbline.duckdb").exists():
        return False
    made = [path.name for path in run.paths.publications.iterdir() if path.name[0].isdigit()]
    with _warehouse(run) as warehouse:
        row = warehouse.execute(
            "select fingerprint from ops.runs where run_id in (select unnest(?)) "
            "and status in ('passed', 'degraded') order by finished_at desc limit 1",
            [made],
        ).fetchone()
    return row is not None and row[0] == print_


# --- voice ---------------------------------------------------------------------------------------


@dataclasses.dataclass
class Voice:
    """Progress on a terminal, plain lines elsewhere, nothing at all when quiet."""

    quiet: bool
    status: typing.Any = None

    def line(self, text: str) -> None:
        if not self.quiet:
            print(text, flush=True)

    def progress(self, text: str) -> None:
        if self.status is not None:
            self.status.update(text)

    @contextlib.contextmanager
    def working(self, name: str) -> Iterator[None]:
        if self.quiet or not sys.stdout.isatty():
            yield
            return
        from rich.console import Console

        with Console().status(name) as self.status:
            yield
        self.status = None

    def step(self, name: str, outcome: Outcome, seconds: float) -> None:
        self.line(f"  {name:<11} {outcome.status:<9} {seconds:6.1f} s")
        for text in outcome.lines:
            for row in text.splitlines():
                self.line(f"              {row}")

    def summary(self, run: Run) -> None:
        if self.quiet:
            return
        from metrics.scorecard import summary

        print("\n".join(["", *summary((run.paths.served / "plumbline.duckdb").resolve())]))
        print(f"\n{run.paths.served / 'scorecard.html'}")


def _show(
    paths: house.Paths, say: Callable[[str], None], settings: house.Settings | None = None
) -> None:
    """Bring Metabase to what is served now, where one is configured. What is published stays
    published when that fails; the next build tries again."""
    try:
        settings = settings or house.load_settings()
        if settings.metabase is None or not settings.metabase.with_build:
            return
        from metrics import boards
        from metrics.metabase import run as metabase

        found = boards.load()
        metabase.refuse_broken(paths, found)
        work = metabase.work_on(
            settings, paths, found, boards.COLLECTIONS, is_applied=True, patience=20
        )
        metabase.apply(work)
        say(f"dashboards: {list(metabase.told(work.changes, is_applied=True))[-1]}")
    except Exception as error:
        print(f"plumbline: the dashboards are not up to date: {error}", file=sys.stderr)


def _notify(run: Run, status: str, message: str, voice: Voice) -> None:
    """Tell the webhook, if there is one. A notification that fails never fails the build."""
    url = os.environ.get("PLUMBLINE_WEBHOOK") or run.settings.publish.webhook_url
    if not url:
        return
    body = {
        "text": f"Plumbline {run.settings.organization.name}: {status} {message}".strip(),
        "run_id": run.run_id, "status": status, "as_of": str(run.as_of), "message": message,
    }  # fmt: skip
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10):
            return
    except (OSError, ValueError) as error:
        print(f"plumbline: the webhook did not take the message: {error}", file=sys.stderr)


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read along has seen enough
        code = 0
    sys.stderr.flush()
    # All files are closed by now. Leaving at once after the exit handlers spares a second of
    # taking libraries down, and what DuckDB's binding prints about objects that end anyway.
    atexit._run_exitfuncs()
    os._exit(code)
