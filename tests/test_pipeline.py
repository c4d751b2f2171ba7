"""The runner: one lock, run ids, exit codes, what is noted, and what a kill leaves behind."""

import contextlib
import fcntl
import http.server
import json
import threading

import duckdb
import pytest

import pipeline
from settings import ConfigError, Outcome

CONFIG = '[organization]\nname = "A"\nas_of = 2026-09-30\n[privacy]\nkey = "public"\n'
INGEST = """
create schema if not exists ingest; create schema if not exists raw_feeds;
create or replace table ingest.sources as
    select 'feeds' as source, 'posts' as table_name, 'fresh' as status, null as reason;
create or replace table raw_feeds.posts as select {rows} as n, now()::timestamp as _loaded_at;
"""


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A pipeline whose steps are small and real where the runner looks: raw rows, a link."""
    config = tmp_path / "plumbline.toml"
    config.write_text(CONFIG)
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(config))
    monkeypatch.setenv("PLUMBLINE_DATA", str(tmp_path / "data"))
    for name in ("AS_OF", "STRICT", "FORCE", "WAIT", "PLUMBLINE_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    seen = []

    def step(name, outcome=None):
        def run_step(run):
            seen.append(name)
            if name == "ingest":
                with duckdb.connect(str(run.paths.warehouse)) as warehouse:
                    warehouse.execute(INGEST.format(rows=step.rows))
            if name == "publish":
                folder = run.paths.publications / run.run_id
                folder.mkdir()
                (folder / "plumbline.duckdb").write_text("")
                run.paths.served.unlink(missing_ok=True)
                run.paths.served.symlink_to(folder)
            return outcome or Outcome("passed", (f"{name} line",), rows=1)

        return run_step

    step.rows = 1
    for name in pipeline.STEPS:
        monkeypatch.setitem(pipeline.STEPS, name, step(name))
    monkeypatch.setattr(pipeline.Voice, "summary", lambda self, run: None)
    alone = contextlib.nullcontext(lambda: None)
    monkeypatch.setattr(pipeline, "_compiling_ahead", lambda run, command: alone)
    return tmp_path / "data", seen, step


def ops(data, sql):
    with duckdb.connect(str(data / "build" / "plumbline.duckdb")) as warehouse:
        return warehouse.execute(sql).fetchall()


def test_a_build_runs_the_steps_in_order_and_notes_them(house, capsys):
    data, seen, _ = house
    assert pipeline.main(["build"]) == 0
    assert seen == ["ingest", "gate-raw", "transform", "measure", "gate-marts", "publish"]
    assert ops(data, "select status from ops.runs") == [("passed",)]
    assert ops(data, "select count(*), min(rows), count(distinct run_id) from ops.steps") == [
        (6, 1, 1)
    ]
    lines = capsys.readouterr().out
    assert "gate-marts  passed" in lines and "\x1b" not in lines


def test_quiet_is_silent(house, capsys):
    assert pipeline.main(["build", "-q"]) == 0
    assert capsys.readouterr() == ("", "")


def test_nothing_new_keeps_what_is_served_and_a_new_row_does_not(house):
    data, seen, step = house
    pipeline.main(["build", "-q"])
    first = (data / "served").resolve()
    seen.clear()
    assert pipeline.main(["build", "-q"]) == 0
    assert seen == ["ingest"] and (data / "served").resolve() == first
    assert ("unchanged",) in ops(data, "select status from ops.runs")
    step.rows = 2
    assert pipeline.main(["build", "-q"]) == 0
    assert (data / "served").resolve() != first


@pytest.mark.parametrize("edited", ["goals/2026.yml", "trees/own.yml", "causes.yml"])
def test_goals_trees_and_causes_may_stand_anywhere_and_an_edit_of_them_is_new(
    house, tmp_path, edited
):
    data, seen, _ = house
    for name in ("goals/2026.yml", "trees/own.yml", "causes.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("[]")
    (tmp_path / "plumbline.toml").write_text(
        f'{CONFIG}[metrics]\ngoals = "{tmp_path}/goals"\ntrees = "{tmp_path}/trees"\n'
        f'causes = "{tmp_path}/causes.yml"\n'
    )
    assert pipeline.main(["build", "-q"]) == 0
    seen.clear()
    assert pipeline.main(["build", "-q"]) == 0 and seen == ["ingest"]
    (tmp_path / edited).write_text("[] # another")
    seen.clear()
    assert pipeline.main(["build", "-q"]) == 0 and seen[-1] == "publish"


def test_what_was_rolled_back_is_not_served_again_before_something_is_new(house):
    data, seen, step = house
    pipeline.main(["build", "-q"])
    first = (data / "served").resolve()
    step.rows = 2
    pipeline.main(["build", "-q"])
    (data / "served").unlink()
    (data / "served").symlink_to(first)
    seen.clear()
    assert pipeline.main(["build", "-q"]) == 0
    assert seen == ["ingest"] and (data / "served").resolve() == first
    step.rows = 3
    assert pipeline.main(["build", "-q"]) == 0
    assert (data / "served").resolve() != first


def test_another_as_of_is_new(house, monkeypatch):
    data, seen, _ = house
    pipeline.main(["build", "-q"])
    seen.clear()
    monkeypatch.setenv("AS_OF", "2026-10-01")
    assert pipeline.main(["build", "-q"]) == 0
    assert "publish" in seen


def test_force_builds_although_nothing_is_new(house):
    _, seen, _ = house
    pipeline.main(["build", "-q"])
    seen.clear()
    assert pipeline.main(["build", "-q", "--force"]) == 0
    assert "publish" in seen


@pytest.mark.parametrize("name", list(pipeline.STEPS))
def test_a_failing_step_publishes_nothing_and_says_why(house, monkeypatch, capsys, name):
    data, seen, _ = house
    monkeypatch.setitem(
        pipeline.STEPS, name, lambda run: Outcome("failed", ("marts.fct_deals: 3 rows wrong",))
    )
    assert pipeline.main(["build", "-q"]) == 1
    error = capsys.readouterr().err
    assert f"{name} failed." in error and "marts.fct_deals: 3 rows wrong" in error
    assert not (data / "served").exists()
    assert ops(data, "select status from ops.runs") == [("failed",)]


def test_an_unforeseen_error_is_one_line_and_its_story_is_kept(house, monkeypatch, capsys):
    data, _, _ = house

    def broken(run):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(pipeline.STEPS, "transform", broken)
    assert pipeline.main(["build", "-q"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("plumbline: OSError") and "No space left" in error
    assert "Traceback" not in error
    assert "Traceback" in (data / "build" / "last_error.txt").read_text()


def test_a_degraded_source_publishes_unless_strict(house, monkeypatch, capsys):
    data, seen, step = house
    monkeypatch.setitem(pipeline.STEPS, "ingest", step("ingest", Outcome("degraded", ("late",))))
    assert pipeline.main(["build", "-q", "--strict"]) == 1
    assert "STRICT" in capsys.readouterr().err and not (data / "served").exists()
    assert pipeline.main(["build", "-q"]) == 0
    assert (data / "served").exists()
    assert ("degraded",) in ops(data, "select status from ops.runs")


def test_strict_fails_also_when_nothing_is_new(house, monkeypatch):
    _, _, step = house
    monkeypatch.setitem(pipeline.STEPS, "ingest", step("ingest", Outcome("degraded", ("late",))))
    assert pipeline.main(["build", "-q"]) == 0
    assert pipeline.main(["build", "-q", "--strict"]) == 1


def test_a_second_build_says_who_holds_the_lock(house, capsys):
    data, seen, _ = house
    (data / "build").mkdir(parents=True)
    with (data / "build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("20260930T000000Z-abcd, process 1, since 00:00:00Z")
        lock.flush()
        assert pipeline.main(["build", "-q"]) == 1
    assert "20260930T000000Z-abcd, process 1" in capsys.readouterr().err
    assert seen == []
    assert pipeline.main(["build", "-q"]) == 0


def test_a_second_build_can_wait(house):
    data, seen, _ = house
    (data / "build").mkdir(parents=True)
    lock = (data / "build" / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    waiting = threading.Thread(target=lambda: pipeline.main(["build", "-q", "--wait", "30"]))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive() and seen == []
    lock.close()
    waiting.join(30)
    assert "publish" in seen


def test_a_killed_run_is_noted_by_the_next(house):
    data, _, _ = house
    pipeline.main(["build", "-q"])
    ops(data, "update ops.runs set status = 'running'")
    assert pipeline.main(["build", "-q"]) == 0
    assert ("killed",) in ops(data, "select status from ops.runs")


def test_the_webhook_hears_success_and_failure(house, monkeypatch):
    heard = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PLUMBLINE_WEBHOOK", f"http://127.0.0.1:{server.server_port}/")
    pipeline.main(["build", "-q"])
    monkeypatch.setitem(pipeline.STEPS, "ingest", lambda run: Outcome("failed", ("gone",)))
    pipeline.main(["build", "-q"])
    server.shutdown()
    assert [message["status"] for message in heard] == ["published", "failed"]
    assert "gone" in heard[1]["message"]


def test_a_webhook_that_fails_does_not_fail_the_build(house, monkeypatch, capsys):
    monkeypatch.setenv("PLUMBLINE_WEBHOOK", "http://127.0.0.1:9/")
    assert pipeline.main(["build", "-q"]) == 0
    assert "webhook did not take" in capsys.readouterr().err


def test_wrong_settings_stop_before_anything_runs(house, monkeypatch, tmp_path, capsys):
    _, seen, _ = house
    config = tmp_path / "wrong.toml"
    config.write_text(CONFIG + "[publish]\nkep = 3\n")
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(config))
    assert pipeline.main(["build"]) == 1
    assert (
        "wrong.toml:7: unknown key 'publish.kep'; did you mean 'keep'?" in capsys.readouterr().err
    )
    assert seen == []


def test_scorecard_before_the_first_build_says_what_to_do(house, capsys):
    assert pipeline.main(["scorecard"]) == 1
    assert "run `make build`" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_made_is_named(house, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PLUMBLINE_DATA", str(tmp_path / "file" / "data"))
    assert pipeline.main(["build"]) == 1
    assert "set PLUMBLINE_DATA" in capsys.readouterr().err


def test_config_errors_of_a_step_reach_the_reader(house, monkeypatch, capsys):
    def wrong(run):
        raise ConfigError("metrics/goals/2026.yml:3: unknown key 'taget'; did you mean 'target'?")

    monkeypatch.setitem(pipeline.STEPS, "measure", wrong)
    assert pipeline.main(["build", "-q"]) == 1
    assert "did you mean 'target'" in capsys.readouterr().err
