"""Credit at scale: every rule of macros/credit.sql on five million journeys, in one process.

The statements are those that the models run; dbt compiles them here, DuckDB runs them. The data are
made at random: half as many channels a journey as touches, one journey in five converts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from unittest import mock

from bench.measuring import Figures, measured
from settings import ROOT

JOURNEYS = 5_000_000
TOUCHES = 25_000_000
MODELS = ("first", "last", "linear", "position", "time_decay", "shapley", "markov", "path_removal")
STATEMENTS = {
    "steps": "{{ plumbline.path_steps('touches') }}",
    "credits": "{{ plumbline.journey_credits('(select * from steps where conversions <> 0)', "
    "'7.0', ['conversions', 'revenue']) }}",
    "transitions": "{{ plumbline.chain_transitions('steps') }}",
    "effects": "with {{ plumbline.absorbing_chain('chain', 'transitions') }} "
    "select * from chain_effects",
    "removals": "{{ plumbline.path_removal('credits') }}",
    "last_channels": "select channel_id, case when substr(md5(journey_id), 1, 1) < '8' "
    "then 0 else 1 end as fold, sum(conversions) as conversions, "
    "sum(nonconversions) as nonconversions from steps where is_last = 1 group by 1, 2",
    "areas": "{{ plumbline.chain_auc('last_channels') }}",
    "weights": "{{ plumbline.poisson_weights('units') }}",
    "unit_transitions": "{{ plumbline.chain_transitions('steps', ['unit']) }}",
    "drawn_effects": "with transitions as (select replicate, from_state, to_state, "
    "sum(weights.weight * t.weight) as weight, sum(weights.weight * t.revenue) as revenue "
    "from unit_transitions as t join weights using (unit) group by all), "
    "{{ plumbline.absorbing_chain('chain', 'transitions', ['replicate']) }} "
    "select * from chain_effects",
    "drawn_credits": "select replicate, channel_id, "
    + ", ".join(f"sum(weights.weight * u.{model}) as {model}" for model in MODELS[:6])
    + " from unit_credits as u join weights using (unit) group by all",
}
PARTS = ("steps", "credits", "transitions", "effects", "removals", "last_channels", "areas")
SCALE = (*PARTS, "weights", "unit_transitions", "drawn_effects", "unit_credits", "drawn_credits")


def compiled(folder: Path) -> dict[str, str]:
    """{name: SQL} of STATEMENTS, compiled by dbt with its files in `folder`."""
    from dbt.cli.main import dbtRunner

    project = str(ROOT / "dbt_project")
    mark = "\n-- the next statement\n"
    (folder / "build").mkdir(parents=True, exist_ok=True)
    with mock.patch.dict(os.environ, {"PLUMBLINE_DATA": str(folder), "DO_NOT_TRACK": "1"}):
        done = dbtRunner().invoke(
            ["compile", "--inline", mark.join(STATEMENTS.values()), "--project-dir", project,
             "--profiles-dir", project, "--target-path", str(folder / "target"), "--log-path",
             str(folder / "logs"), "--quiet", "--log-level", "none", "--no-introspect"]
        )  # fmt: skip
    if not done.success:
        raise RuntimeError(f"dbt could not compile macros/credit.sql: {done.exception}")
    text = done.result.results[0].node.compiled_code
    return dict(zip(STATEMENTS, text.split(mark), strict=True))


def work(folder: Path, journeys: int, touches: int) -> None:
    """Make the data and run every statement; print {statement: seconds} as JSON."""
    import duckdb

    statements = json.loads((folder / "statements.json").read_text())
    statements["unit_credits"] = (
        "select substr(md5(journey_id), 1, 2) as unit, channel_id, "
        + ", ".join(f"sum(conversions * {model}_credit) as {model}" for model in MODELS[:6])
        + " from credits group by 1, 2"
    )
    told: dict[str, float] = {}
    with duckdb.connect(str(folder / "credit.duckdb")) as connection:
        connection.execute("set threads = 2; set memory_limit = '6GB'; select setseed(0.5)")
        connection.execute(f"set temp_directory = '{folder / 'spill'}'")
        # Journeys of 1 to 2 * mean - 1 touches; the channels are far from equally frequent.
        longest = 2 * touches // journeys - 1
        connection.execute(f"""
            create table touches as
            select 'deal_won:' || lpad(j.i::varchar, 12, '0') as journey_id, p.pos,
                'channel_' || floor(14 * power(hash(j.i, p.pos) % 1000003 / 1000003.0, 2))::integer
                    as channel_id,
                (longest - p.pos) * (hash(j.i) % 7) as days_before,
                case when hash(j.i, 1) % 5 = 0 then 1 else 0 end as conversions,
                case when hash(j.i, 1) % 5 = 0 then 0 else 1 end as nonconversions,
                case when hash(j.i, 1) % 5 = 0 then (hash(j.i, 2) % 10000) end::decimal(18, 4)
                    as revenue,
                substr(md5('deal_won:' || lpad(j.i::varchar, 12, '0')), 1, 2) as unit
            from (select i, 1 + hash(i, 3) % {longest} as longest from range({journeys}) as r(i))
                as j
            join (select pos from range(1, {longest + 1}) as r(pos)) as p on p.pos <= j.longest
        """)
        [(rows,)] = connection.execute("select count(*) from touches").fetchall()
        connection.execute("create table units as select distinct unit from touches")
        for name in SCALE:
            started = time.perf_counter()
            connection.execute(f"create table {name} as {statements[name]}")
            told[name] = time.perf_counter() - started
        [(won, attributed)] = connection.execute(
            "select (select sum(conversions) from steps where is_last = 1), "
            "(select sum(linear_credit) from credits)"
        ).fetchall()
        assert abs(won - attributed) < 1e-3, (won, attributed)
        [(replicates,)] = connection.execute(
            "select count(distinct replicate) from drawn_effects"
        ).fetchall()
        assert replicates == 201, replicates
    print(json.dumps({"rows": rows, "seconds": told}))


def run(folder: Path) -> tuple[Figures, float, int, dict[str, float]]:
    """(the process but compiling, processor seconds of that, touches, {statement: seconds})."""
    folder.mkdir(parents=True, exist_ok=True)
    started = time.process_time()
    statements = compiled(folder / "compiled")
    compiling = time.process_time() - started
    (folder / "statements.json").write_text(json.dumps(statements))
    figures = measured(["-m", "bench.credit", str(folder), str(JOURNEYS), str(TOUCHES)])
    told = json.loads(figures.printed.strip().splitlines()[-1])
    return figures, compiling, told["rows"], told["seconds"]


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
