"""The scorecard: one HTML file that works offline, and the same in plain lines for a terminal.

Everything is read from one published database; nothing is computed that a metric or mart does not
say, but the choice of periods. What is unknown says so and why; there is no score over goals.
"""

from __future__ import annotations

import datetime as dt
import os
import typing
from pathlib import Path

from metrics.drivers import REST, UNSAID, months_before
from metrics.goals import chance_text, shift

if typing.TYPE_CHECKING:
    import duckdb

TEMPLATES = Path(__file__).parent / "templates"
NARROW = "\u202f"
STATUS_WORDS = {
    "off_track": "Off track",
    "missed": "Missed",
    "at_risk": "At risk",
    "data_late": "Data late",
    "too_early": "Too early",
    "on_track": "On track",
    "reached": "Reached",
}  # in the order in which they want attention
LEVELS = ("impact", "outcome", "outtake", "output", "activity", "input")
LEVEL_WORDS = {
    "impact": "Impact: what it is worth to the organization",
    "outcome": "Outcomes: what people do differently",
    "outtake": "Out-takes: what people notice and think",
    "output": "Outputs: what reached them",
    "activity": "Activities: what we do",
    "input": "Inputs: what we put in",
}
CLASSES = {
    "social": "Social",
    "traditional": "Traditional",
    "direct": "Direct",
    "digital": "Digital",
    None: "Channel not known",
}
UNITS = {
    "minutes": "min",
    "hours": "h",
    "days": "days",
    "points": "points",
    "fte": "FTE",
    "per_item": "per item",
    "per_person": "per person",
    "per_hour": "per hour",
    "score": "",
    "index": "",
    "ratio": "",
    "count": "",
    "people": "people",
    "accounts": "accounts",
}
SPELLED = {"linkedin": "LinkedIn", "youtube": "YouTube", "tiktok": "TikTok", "crm": "CRM",
           "hr": "HR", "tv": "TV", "pr": "PR", "api": "API", "url": "URL", "id": "ID"}  # fmt: skip
MODELS = ("first", "last", "linear")
EVIDENCE = (
    ("Experiment", "holds for that test alone; an interval that includes nothing proves nothing"),
    ("Codes and calls", "at least so many: most people do not name the code"),
    ("Said by customers", "what people remember; their answers in the last quarter asked"),
)  # in falling rank; attribution stands in a column of its own
# Whose trust the channel table carries: what its columns are made of.
CHANNEL_METRICS = ("paid_social_spend", "traditional_media_spend", "social_impressions",
                   "traditional_impressions", "leads_created", "attributed_revenue")  # fmt: skip
EXPERIMENT_YEARS = 2  # how long a test is shown
GRAIN_MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNPLACED = {REST, UNSAID, "(unknown)"}
PARTS = 6  # of a change that are named; the rest is one line


def render(database: Path, out: Path) -> None:
    """Write the scorecard of a database (marts, metrics, quality, ops, ingest) to `out`, whole or
    not at all. Raises duckdb.Error when a table of the contract is missing."""
    import duckdb
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        page = gather(connection)
    environment.filters |= {"day": day_text, "chance": chance_text, "words": words}
    environment.globals |= {"status_words": STATUS_WORDS, "spark": spark, "course": course}
    text = environment.get_template("scorecard.html").render(page)
    draft = out.with_name(f".{out.name}.draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, out)


def summary(database: Path) -> list[str]:
    """The goals as lines for a terminal, and what needs attention."""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        about = _about(connection)
        goals = _goals(connection, about)
        findings = _findings(connection, goals)
    head = ("status", "goal", "now", "target", "forecast (80 %)", "chance", "owner", "data")
    rows = [head]
    for goal in goals:
        interval = goal["forecast_text"] or "unknown"
        if goal["interval_bare"]:
            interval += f" ({goal['interval_bare']})"
        owner = goal["owner"]["name"] or f"no {words(goal['owner']['role']).lower()}"
        if goal["owner"]["flag"]:
            owner += " (!)"
        rows.append(
            (STATUS_WORDS[goal["status"]], goal["label"], goal["actual_text"] or "unknown",
             goal["target_text"], interval, chance_text(goal["probability"]) or "-", owner,
             goal["trust"])
        )  # fmt: skip
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    counts = ", ".join(f"{n} {word.lower()}" for _, word, n in status_counts(goals))
    title = f"{about['organization']}, as of {day_text(about['as_of'])}: {counts or 'no goals'}"
    attention = [f"! {text}" for text in findings]
    return [title, "", *table, *([""] if attention else []), *attention]


# --- what the page says --------------------------------------------------------------------------


def gather(connection: duckdb.DuckDBPyConnection) -> dict[str, typing.Any]:
    """Everything the template shows, by section."""
    about = _about(connection)
    metrics = _metrics(connection, about)
    goals = _goals(connection, about)
    for goal in goals:
        goal["leading"] = [metrics[name] for name in goal["leading_ids"] if name in metrics]
    owned = [m for m in metrics.values() if m["domain"] in OWN_DOMAINS]
    return {
        "about": about,
        "goals": goals,
        "counts": status_counts(goals),
        "findings": _findings(connection, goals),
        "channels": _channels(connection, metrics, about),
        "inside": [
            {"title": title, "note": note, "metrics": [m for m in owned if m["domain"] in domains]}
            for title, note, domains in INSIDE
        ],
        "changes": _changes(connection, metrics, goals, about),
        "around": _around(connection, about),
        "levels": [
            {"level": level, "title": LEVEL_WORDS[level],
             "metrics": [m for m in metrics.values() if m["amec"] == level]}
            for level in LEVELS
        ],
        "metrics": list(metrics.values()),
        "trust": _trust(connection, metrics),
    }  # fmt: skip


INSIDE = (
    ("People", "Whole organization only; departments of fewer than five are never shown.",
     ("hr", "people", "hr+ip", "internal_comms")),
    ("Tools and data", "Licences, overlap and what is connected.", ("tech", "tools", "data")),
    ("Ownership and content", "Who may speak for the organization, and what it may keep.",
     ("ip", "ownership", "content")),
)  # fmt: skip
OWN_DOMAINS = {domain for _, _, domains in INSIDE for domain in domains}


def _about(connection: duckdb.DuckDBPyConnection) -> dict[str, typing.Any]:
    """Of a published file from ops.publication; of the build file from ingest.settings."""
    published = _rows(
        connection,
        "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'publication'",
    )
    if published:
        found = _rows(connection, "select * from ops.publication")[0]
        month, as_of = found["fiscal_year_start_month"], found["as_of"]
    else:
        said = {r["key"]: r["value"]
                for r in _rows(connection, "select key, value from ingest.settings")}  # fmt: skip
        found = {"run_id": "not published", **said}
        month, as_of = int(said["fiscal_year_start_month"]), dt.date.fromisoformat(said["as_of"])
    start = dt.date(as_of.year - (as_of.month < month), month, 1)
    end = shift(start, 1) - dt.timedelta(days=1)
    return {
        "organization": found["organization_name"],
        "currency": found["reporting_currency"],
        "time_zone": found["time_zone"],
        "run_id": found["run_id"],
        "as_of": as_of,
        "fiscal_start": start,
        "fiscal_end": end,
        "fiscal_name": str(start.year) if start.year == end.year else f"{start.year}/{end.year}",
        "fiscal_month": (as_of.year - start.year) * 12 + as_of.month - start.month + 1,
    }


def _goals(
    connection: duckdb.DuckDBPyConnection, about: dict[str, typing.Any]
) -> list[dict[str, typing.Any]]:
    labels = _role_labels(connection)
    rows = _rows(
        connection,
        "select s.*, g.better, g.amec, g.leading_metrics, g.has_goal_gap, g.gap_reason "
        "from metrics.goal_status s join metrics.dim_goals g using (goal_id)",
    )
    readings = _grouped(
        _rows(connection, "select * from metrics.goal_forecasts order by goal_id, reading_date"),
        "goal_id",
    )
    tested = {
        row["goal_id"]: row
        for row in _rows(
            connection,
            "select goal_id, avg(abs(error_share)) as error, count(*) as readings, "
            "count(is_covered) as with_interval, avg(is_covered::int) as coverage "
            "from metrics.goal_backtests group by 1",
        )
    }
    for goal in rows:
        unit, currency = goal["unit"], about["currency"]
        goal["label"] = goal["metric_label"] + slice_words(goal["slice"])
        goal["owner"] = _owner(goal, labels)
        goal["readings"] = readings.get(goal["goal_id"], [])
        goal["tested"] = tested.get(goal["goal_id"])
        goal["leading_ids"] = [name for name in goal["leading_metrics"].split(", ") if name]
        for name in ("actual", "expected", "target", "baseline", "forecast"):
            goal[f"{name}_text"] = number(goal[name], unit, currency)
            goal[f"{name}_bare"] = number(goal[name], unit, currency, bare=True)
        goal["unit_text"] = UNITS.get(unit, "")
        goal["interval_text"] = goal["interval_bare"] = None
        if goal["forecast_low"] is not None:
            text = span(goal["forecast_low"], goal["forecast_high"], unit, currency)
            goal["interval_text"] = text
            tail = text.lstrip("−0123456789,. to")
            same = tail and goal["forecast_text"].endswith(tail)
            goal["interval_bare"] = text.removesuffix(tail).rstrip() if same else text
    order = list(STATUS_WORDS)
    return sorted(rows, key=lambda goal: order.index(goal["status"]))


def status_counts(goals: list[dict[str, typing.Any]]) -> list[tuple[str, str, int]]:
    """(status, word, number of goals), only those that occur. Never an average."""
    found = [(s, word, sum(g["status"] == s for g in goals)) for s, word in STATUS_WORDS.items()]
    return [row for row in found if row[2]]


def _metrics(
    connection: duckdb.DuckDBPyConnection, about: dict[str, typing.Any]
) -> dict[str, dict[str, typing.Any]]:
    """Every metric with its latest complete month (else quarter, else year), the same period a
    year before and the course of the last thirteen."""
    labels = _role_labels(connection)
    rows = _rows(
        connection,
        "select m.*, coalesce(t.trust, 'failed') as trust, t.reason as trust_reason, t.sources, "
        "t.last_event_date from metrics.dim_metrics m left join metrics.metric_trust t "
        "using (metric_id) order by domain, label",
    )
    values: dict[str, dict[str, list[dict[str, typing.Any]]]] = {}
    for row in _rows(
        connection,
        "select metric_id, grain, period_start, value, n, low, high, trust_reason "
        "from metrics.metric_values where slice_name = 'all' and is_complete "
        "and grain in ('month', 'quarter', 'year') order by period_start",
    ):
        values.setdefault(row["metric_id"], {}).setdefault(row["grain"], []).append(row)
    found = {}
    for metric in rows:
        metric["owner"] = _owner(metric, labels)
        metric |= _latest(values.get(metric["metric_id"], {}), metric, about)
        found[metric["metric_id"]] = metric
    return found


def _latest(
    grains: dict[str, list[dict[str, typing.Any]]],
    metric: dict[str, typing.Any],
    about: dict[str, typing.Any],
) -> dict[str, typing.Any]:
    unit, currency = metric["unit"], about["currency"]
    none = {"value_text": None, "period": None, "before_text": None, "change_text": None,
            "verdict": None, "trend": [], "interval_text": None, "n": None,
            "unknown_why": metric["trust_reason"] or "no complete period has a value"}  # fmt: skip
    for grain, months in GRAIN_MONTHS.items():
        points = [p for p in grains.get(grain, []) if p["value"] is not None]
        if not points or points[-1]["period_start"] < months_before(about["as_of"], 4 * months):
            continue
        last = points[-1]
        value, start = last["value"], last["period_start"]
        before = next((p["value"] for p in points if p["period_start"] == shift(start, -1)), None)
        change = None if before is None else value - before
        better = metric["better"]
        verdict = None
        if change and better in ("higher", "lower"):
            verdict = "better" if (change > 0) == (better == "higher") else "worse"
        return none | {
            "value_text": number(value, unit, currency),
            "period": period_text(start, grain),
            "before_text": number(before, unit, currency),
            "change_text": difference(change, before, unit, currency),
            "verdict": verdict,
            "trend": [p["value"] for p in points[-13:]],
            "interval_text": (
                span(last["low"], last["high"], unit, currency) if last["low"] is not None else None
            ),
            "n": last["n"],
        }
    return none


def _findings(
    connection: duckdb.DuckDBPyConnection, goals: list[dict[str, typing.Any]]
) -> list[str]:
    """What somebody has to decide: owners who are gone, goals without an outcome, late data."""
    found = [f"Goal “{g['label']}”: {g['owner']['flag']}." for g in goals if g["owner"]["flag"]] + [
        f"Goal “{g['label']}”: {g['gap_reason']}" for g in goals if g["has_goal_gap"]
    ]
    gone = "owner_status in ('left', 'vacant')"
    for what, sql in (
        ("metric", f"select label as name from metrics.dim_metrics where {gone} order by 1"),
        ("account", "select coalesce(network || ' ' || account, account_id) as name "
         f"from marts.dim_accounts where {gone} "
         "and closed_on is null and ownership = 'brand' order by 1"),
        ("tool", f"select tool as name from marts.dim_tools where {gone} order by 1"),
    ):  # fmt: skip
        names = [row["name"] for row in _rows(connection, sql)]
        if names:
            shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")
            some = f"{len(names)} {what}{'s' if names[1:] else ''}"
            found.append(f"{some} without an owner who is here: {shown}.")
    late = _rows(
        connection,
        "select source || '.' || table_name as name, reason, "
        "case status when 'failed' then 'could not be read' else 'is late' end as word "
        "from ingest.sources "
        "where status in ('stale', 'failed') order by 1",
    )
    found += [
        f"{row['name']} {row['word']}: {row['reason'] or 'no reason given'}" for row in late[:4]
    ]
    if late[4:]:
        found.append(f"{len(late) - 4} more sources are late or failed; see data trust.")
    return found


def _channels(
    connection: duckdb.DuckDBPyConnection,
    metrics: dict[str, dict[str, typing.Any]],
    about: dict[str, typing.Any],
) -> dict[str, typing.Any]:
    """Social and traditional channels in one table, over the fiscal year to date."""
    period = [about["fiscal_start"], about["as_of"]]
    labels = _role_labels(connection)
    people = {row["role"]: row for row in _rows(
        connection, "select role, display_name as owner_name, owner_status from marts.dim_owners "
        "where is_current")}  # fmt: skip
    days = _keyed(connection, "channel_id", (
        "select channel_id, sum(spend_reporting)::double as spend, "
        "sum(impressions)::double as impressions, "
        "string_agg(distinct impression_definition, ', ' order by impression_definition) "
        "filter (where impressions is not null) as definitions, "
        "sum(clicks)::double as clicks, sum(responses)::double as responses "
        "from marts.fct_channel_days where date_day between ? and ? group by 1"
    ), period)  # fmt: skip
    leads = _by_slice(connection, "leads_created", "channel_id", period)
    credit: dict[str, dict[str, float]] = {}
    for label, revenue in _by_slice(
        connection, "attributed_revenue", "model_channel", period
    ).items():
        model, channel_id = label.split(": ", 1)
        credit.setdefault(channel_id, {})[model] = revenue
    evidence = _evidence(connection, about)
    money = about["currency"]
    groups: dict[str | None, list[dict[str, typing.Any]]] = {name: [] for name in CLASSES}
    silent = []
    for channel in _rows(connection, "select * from marts.dim_channels"):
        name = channel["channel_id"]
        seen = days.get(name, {})
        if name == "unknown" and name not in leads:
            continue
        if not (seen or name in leads or name in credit or name in evidence):
            silent.append(channel["channel_label"])
            continue
        owner = {"owner_role": channel["owner_role"], **people.get(
            channel["owner_role"], {"owner_name": None, "owner_status": "vacant"})}  # fmt: skip
        groups[channel["channel_class"]].append({
            "label": channel["channel_label"], "peso": channel["peso"],
            "owner": _owner(owner, labels),
            "spend": number(seen.get("spend"), "money", money),
            "impressions": number(seen.get("impressions"), "count", money),
            "definitions": seen.get("definitions"),
            "clicks": number(seen.get("clicks"), "count", money),
            "responses": number(seen.get("responses"), "count", money),
            "leads": number(leads.get(name), "count", money),
            "credit": _credit(credit.get(name), money),
            "evidence": evidence.get(name, []),
        })  # fmt: skip
    totals = {m: sum(by.get(m) or 0.0 for by in credit.values()) for m in MODELS}
    coverage = {
        m: 1 - (credit.get("unattributed", {}).get(m) or 0.0) / total
        for m, total in totals.items() if total
    }  # fmt: skip
    return {
        "groups": [(CLASSES[name], rows) for name, rows in groups.items() if rows],
        "silent": silent,
        "kinds": EVIDENCE,
        "trust": [metrics[name] for name in CHANNEL_METRICS if name in metrics],
        "unattributed": _credit(credit.get("unattributed"), money),
        "total": number(max(totals.values()), "money", money) if coverage else None,
        "coverage": [(m, number(share, "percent", money)) for m, share in coverage.items()],
    }


def _by_slice(
    connection: duckdb.DuckDBPyConnection, metric_id: str, slice_name: str, period: list[dt.date]
) -> dict[str, float]:
    """Slice value -> sum of an additive metric's months in a period that begins with a month."""
    return {
        "unknown" if row["slice_value"] in UNPLACED else row["slice_value"]: row["total"]
        for row in _rows(
            connection,
            "select slice_value, sum(value) as total from metrics.metric_values where "
            "metric_id = ? and slice_name = ? and grain = 'month' and period_start between ? and ? "
            "group by 1 having total is not null",
            [metric_id, slice_name, *period],
        )
    }


def _credit(by_model: dict[str, float] | None, currency: str) -> dict[str, typing.Any] | None:
    """The range that the models leave open, and what each says."""
    known = {m: by_model[m] for m in MODELS if by_model and by_model.get(m) is not None}
    if not known:
        return None
    return {
        "span": span(min(known.values()), max(known.values()), "money", currency),
        "models": [(m, number(value, "money", currency)) for m, value in known.items()],
    }


def _evidence(
    connection: duckdb.DuckDBPyConnection, about: dict[str, typing.Any]
) -> dict[str, list[tuple[str, str]]]:
    """channel -> [(kind, what it says)], strongest first: the latest test, what codes and calls
    prove at least over the fiscal year, the share of answers in the last quarter asked."""
    start, as_of, currency = about["fiscal_start"], about["as_of"], about["currency"]
    (tests, _), (codes, _), (said, _) = EVIDENCE
    found: dict[str, list[tuple[str, str]]] = {}
    for row in _rows(
        connection,
        "select * from marts.fct_evidence where kind = 'experiment' and estimate is not null "
        "and period_end between ? and ? and unit not like 'share%' qualify row_number() over "
        "(partition by channel_id, outcome order by period_end desc) = 1 order by all",
        [shift(start, 1 - EXPERIMENT_YEARS), as_of],
    ):
        text = f"{words(row['outcome']).lower()} {signed(row['estimate'], 'count', currency)}"
        if row["low"] is not None and row["high"] is not None:
            text += f" ({span(row['low'], row['high'], 'count', currency)})"
        when = f"{day_text(row['period_start'])} to {day_text(row['period_end'])}"
        found.setdefault(row["channel_id"], []).append((tests, f"{text}, {when}"))
    counted = _rows(
        connection,
        "select channel_id, outcome, unit, sum(coalesce(estimate, low))::double as least "
        "from marts.fct_evidence where kind = 'direct_response' and period_start >= ? "
        "and period_end <= ? group by all having least > 0 order by channel_id, outcome",
        [start, as_of],
    )
    for channel, rows in _grouped(counted, "channel_id").items():
        parts = [
            f"{number(r['least'], 'money', currency)} in orders"
            if r["unit"] == "reporting currency"
            else f"{number(r['least'], 'count', currency)} {words(r['unit']).lower()}"
            for r in rows
        ]
        found.setdefault(channel, []).append((codes, f"at least {', '.join(parts)}"))
    for row in _rows(
        connection,
        "select * from marts.fct_evidence where kind = 'self_report' and estimate is not null "
        "and period_end <= ? qualify row_number() over (partition by channel_id, outcome "
        "order by period_end desc) = 1 and period_end >= ? order by all",
        [as_of, shift(start, -1)],
    ):
        text = number(row["estimate"], "percent", currency)
        if row["low"] is not None and row["high"] is not None:
            text += f" ({span(row['low'], row['high'], 'percent', currency)})"
        decoy = ", a channel that never ran" if "decoy" in row["outcome"] else ""
        text += f" of {row['n']:,} answers in {period_text(row['period_start'], 'quarter')}{decoy}"
        found.setdefault(row["channel_id"], []).append((said, text))
    return found


def _changes(
    connection: duckdb.DuckDBPyConnection,
    metrics: dict[str, dict[str, typing.Any]],
    goals: list[dict[str, typing.Any]],
    about: dict[str, typing.Any],
) -> list[dict[str, typing.Any]]:
    """The last complete quarter of every metric that a goal is on or names as leading, taken
    apart by one slice, held against the quarter before and the same of last year."""
    rows = _rows(
        connection,
        "select * from metrics.metric_drivers where grain = 'quarter' "
        "order by metric_id, slice_name, period_from, slice_value, kind",
    )
    values = {
        (row["metric_id"], row["period_start"]): row["value"]
        for row in _rows(
            connection,
            "select metric_id, period_start, value from metrics.metric_values "
            "where grain = 'quarter' and slice_name = 'all'",
        )
    }
    names = _names(connection)
    wanted = {goal["metric_id"] for goal in goals} | {
        name for goal in goals for name in goal["leading_ids"]
    }
    found = []
    for metric_id, parts in _grouped(rows, "metric_id").items():
        if metric_id not in wanted:
            continue
        metric = metrics[metric_id]
        slices = _grouped(parts, "slice_name")
        name = min(slices, key=lambda s: _reading_order(s, slices[s]))
        now = parts[0]["period_to"]
        comparisons = []
        for then, some in sorted(_grouped(slices[name], "period_from").items(), reverse=True):
            before, after = values.get((metric_id, then)), values.get((metric_id, now))
            comparisons.append(
                {"before": period_text(then, "quarter"),
                 "before_text": number(before, metric["unit"], about["currency"]),
                 "change_text": difference(after - before, before, metric["unit"],
                                           about["currency"]),
                 **_named_parts(some, metric["unit"], about["currency"], names)}
            )  # fmt: skip
        found.append({
            "metric": metric, "now": period_text(now, "quarter"),
            "now_text": number(values[(metric_id, now)], metric["unit"], about["currency"]),
            "slice": words(name), "comparisons": comparisons,
            "is_ratio": any(part["kind"] == "mix" for part in parts),
            "has_goal": any(goal["metric_id"] == metric_id for goal in goals),
        })  # fmt: skip
    return sorted(found, key=lambda c: (not c["has_goal"], c["metric"]["label"]))


def _reading_order(name: str, parts: list[dict[str, typing.Any]]) -> tuple:
    """Which slices tell a reader most: more than one, not one person's, few, and most placed."""
    values = {part["slice_value"] for part in parts}
    sizes = [(abs(part["contribution"]), part["slice_value"] in UNPLACED) for part in parts]
    whole = sum(size for size, _ in sizes)
    unplaced = sum(size for size, is_rest in sizes if is_rest) / whole if whole else 0.0
    return (
        len(values - UNPLACED) < 2, name == "account_id", unplaced > 0.3,
        len(values) > 2 * PARTS, round(unplaced, 6), name,
    )  # fmt: skip


def _names(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What people call a slice: channels, campaigns, accounts by id."""
    return {
        row["id"]: row["name"]
        for row in _rows(
            connection,
            "select channel_id as id, channel_label as name from marts.dim_channels union all "
            "select campaign_id, campaign_name from marts.dim_campaigns union all "
            "select account_id, network || ' ' || account from marts.dim_accounts "
            "where account is not null",
        )
        if row["name"]
    }


def _named_parts(
    parts: list[dict[str, typing.Any]], unit: str, currency: str, names: dict[str, str]
) -> dict[str, typing.Any]:
    """The largest parts, and the others as one: they still add up to the change."""
    slices = _grouped(parts, "slice_value")
    if not any(part["contribution"] for part in parts):
        return {"parts": [], "note": "Nothing changed in any part."}
    if len(slices) == 1:
        [only] = slices
        return {"parts": [], "note": f"All of it in the only one: {names.get(only, words(only))}."}
    totals = {name: sum(p["contribution"] for p in some) for name, some in slices.items()}
    order = sorted(totals, key=lambda name: -abs(totals[name]))
    kept = order if len(order) <= PARTS + 1 else order[:PARTS]
    chosen = [
        ("Not stated" if name in UNPLACED else names.get(name, words(name)), [name])
        for name in kept
    ]
    if order[len(kept) :]:
        chosen.append((f"{len(order) - len(kept)} others", order[len(kept) :]))
    largest = max((abs(total) for total in totals.values()), default=0.0) or 1.0
    rows = []
    for label, some in chosen:
        by_kind = {
            kind: sum(p["contribution"] for n in some for p in slices[n] if p["kind"] == kind)
            for kind in ("mix", "rate")
        }
        total = sum(totals[n] for n in some)
        rows.append(
            {"label": label, "text": signed(total, unit, currency, largest),
             "share": min(1.0, abs(total) / largest), "is_up": total >= 0,
             **{kind: signed(v, unit, currency, largest) for kind, v in by_kind.items()}}
        )  # fmt: skip
    return {"parts": rows, "note": ""}


def _around(connection: duckdb.DuckDBPyConnection, about: dict[str, typing.Any]) -> list[str]:
    """What else happened in the last complete quarter: reasons to ask about, not proven ones."""
    month = months_before(about["as_of"] + dt.timedelta(days=1), 0)
    end = dt.date(month.year, (month.month - 1) // 3 * 3 + 1, 1)
    period = [months_before(end, 3), end - dt.timedelta(days=1)]
    campaigns = [
        row["campaign_name"]
        + (f" (from {day_text(row['starts_on'])})" if row["starts_on"] >= period[0] else "")
        + (f" (until {day_text(row['ends_on'])})" if row["is_over"] else "")
        for row in _rows(
            connection,
            "select campaign_name, starts_on, ends_on, coalesce(ends_on <= ?, false) as is_over "
            "from marts.dim_campaigns where starts_on <= ? and coalesce(ends_on >= ?, true) "
            "order by starts_on, campaign_name",
            [period[1], period[1], period[0]],
        )
    ]
    found = [f"Campaigns that ran: {', '.join(campaigns)}."] if campaigns else []
    found += [
        f"{words(row['network'])} changed what it calls {words(row['metric']).lower()} on "
        f"{day_text(row['available_from'])}: the series breaks there."
        for row in _rows(
            connection,
            "select network, metric, available_from from marts.metric_availability "
            "where is_break and available_from between ? and ? order by 3, 1, 2", period,
        )
    ]  # fmt: skip
    [corrected] = _rows(
        connection,
        "select count(*) as n, count(distinct table_name) as tables from marts.fct_restatements "
        "where event_date between ? and ?", period,
    )  # fmt: skip
    if corrected["n"]:
        found.append(
            f"{corrected['n']:,} figures of that quarter, in {corrected['tables']} tables, were "
            "corrected after they were first reported; both versions are kept."
        )
    return found


def _trust(
    connection: duckdb.DuckDBPyConnection, metrics: dict[str, dict[str, typing.Any]]
) -> dict[str, typing.Any]:
    sources = _rows(
        connection,
        "select source, table_name, owner, status, last_event_date, last_loaded_at, reason "
        "from ingest.sources order by case status when 'failed' then 0 when 'stale' then 1 "
        "else 2 end, source, table_name",
    )
    checks = _rows(
        connection,
        "with latest as (select gate, max_by(run_id, checked_at) as run_id from quality.results "
        "group by gate) select r.* from quality.results r join latest using (gate, run_id) "
        "where r.success is not null "  # a check that had nothing to judge is no check
        "order by gate, schema_name, table_name, column_name, expectation_type",
    )
    gates = [
        {"gate": gate, "checks": len(rows), "passed": sum(row["success"] for row in rows),
         "failed": [row for row in rows if not row["success"]]}
        for gate, rows in sorted(_grouped(checks, "gate").items(), reverse=True)
    ]  # fmt: skip
    counted = _rows(
        connection,
        "select 1 from duckdb_tables() where schema_name = 'ingest' "
        "and table_name = 'quarantine_counts'",
    )
    quarantine = _rows(
        connection,
        "select source, table_name, field, reason, rows_quarantined from ingest.quarantine_counts "
        "order by rows_quarantined desc, source, table_name, field, reason"
        if counted
        else "select source, table_name, field, null as reason, count(*) as rows_quarantined "
        "from ingest.quarantine group by all order by all",
    )
    configured = [row for row in sources if row["status"] != "not_configured"]
    marks = [m["trust"] for m in metrics.values()]
    return {
        "sources": configured,
        "not_configured": [row for row in sources if row["status"] == "not_configured"],
        "fresh": sum(row["status"] == "fresh" for row in configured),
        "gates": gates,
        "checks": len(checks),
        "passed": sum(row["success"] for row in checks),
        "quarantine": quarantine,
        "quarantined": sum(row["rows_quarantined"] for row in quarantine),
        "marks": [(mark, marks.count(mark)) for mark in ("fresh", "degraded", "stale", "failed")],
    }


# --- owners, rows --------------------------------------------------------------------------------


def _owner(row: dict[str, typing.Any], labels: dict[str, str]) -> dict[str, typing.Any]:
    """name, title, role and a flag where the owner is gone."""
    role, name, status = row["owner_role"], row["owner_name"], row["owner_status"]
    flag = None
    if status == "left":
        flag = f"{name or 'its owner'} has left the organization"
    elif status == "vacant" or name is None:
        flag = f"nobody holds the role {words(role).lower()}"
    return {"name": name, "title": labels.get(role, words(role)), "role": role, "flag": flag}


def _role_labels(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {
        row["role"]: row["owner_label"]
        for row in _rows(
            connection,
            "select role, owner_label from marts.dim_owners where owner_label is not null "
            "order by is_current, valid_from",
        )
    }


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str, given: list | None = None
) -> list[dict[str, typing.Any]]:
    found = connection.execute(sql, given or [])
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _keyed(
    connection: duckdb.DuckDBPyConnection, key: str, sql: str, given: list
) -> dict[str, dict[str, typing.Any]]:
    return {row[key]: row for row in _rows(connection, sql, given)}


def _grouped(rows: list[dict[str, typing.Any]], key: str) -> dict[typing.Any, list]:
    found: dict[typing.Any, list] = {}
    for row in rows:
        found.setdefault(row[key], []).append(row)
    return found


# --- numbers as people read them -----------------------------------------------------------------


def number(
    value: float | None, unit: str, currency: str, bare: bool = False, like: float | None = None
) -> str | None:
    """A value with its unit (`bare`: where that is a word, without), or None for what is not
    known. Percent is stored as a share. Rounded as far as `like`, else itself, asks for."""
    if value is None:
        return None
    value = float(value)
    size = abs(value if like is None else like)
    if unit == "percent":
        return f"{_plain(100 * value, 1)}{NARROW}%"
    if unit == "money":
        for scale, places, suffix in ((1e9, 2, "bn"), (1e6, 2, "m"), (1e3, 0, "k")):
            if size >= (1e4 if suffix == "k" else scale):
                return f"{_plain(value / scale, places)}{NARROW}{suffix} {currency}"
        return f"{_plain(value, 0 if size >= 100 else 2)} {currency}"
    whole = value == int(value) and (like is None or like == int(like))
    places = 0 if size >= 100 or whole else 1 if size >= 1 else 2
    word = "" if bare else UNITS.get(unit, words(unit).lower())
    return f"{_plain(value, places)}{' ' + word if word else ''}"


def span(low: float, high: float, unit: str, currency: str) -> str:
    """`low to high`, rounded alike, the unit once."""
    like = max(abs(float(low)), abs(float(high)))
    if float(low) != int(low) or float(high) != int(high):
        like += 1e-9  # one broken end is enough for decimals at both
    a, b = (number(value, unit, currency, like=like) for value in (low, high))
    if a == b:
        return a
    tail = b.lstrip("−0123456789,.")
    return f"{a.removesuffix(tail)} to {b}"


def signed(value: float | None, unit: str, currency: str, like: float | None = None) -> str | None:
    """A difference: percent in points of percent."""
    if value is None:
        return None
    text = number(value, unit, currency, like=like)
    if unit == "percent":
        text = text.replace("%", "pp")
    if not any(digit in text for digit in "123456789"):
        return text.lstrip("−")
    return text if value < 0 else f"+{text}"


def difference(change: float | None, before: float | None, unit: str, currency: str) -> str | None:
    """A change with, for amounts, its share of what was before."""
    if change is None:
        return None
    text = signed(change, unit, currency)
    if unit in ("percent", "points", "score", "ratio") or not before or before < 0:
        return text
    return f"{text} ({'+' if change >= 0 else ''}{_plain(100 * change / before, 0)}{NARROW}%)"


def _plain(value: float, places: int) -> str:
    rounded = round(value, places)
    return f"{rounded + 0.0:,.{places}f}".replace("-", "−")


def day_text(day: dt.date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else "never"


def period_text(start: dt.date, grain: str) -> str:
    if grain == "quarter":
        return f"Q{(start.month + 2) // 3} {start.year}"
    return str(start.year) if grain == "year" else f"{start:%b %Y}"


def slice_words(slice_: str) -> str:
    """`is_qualified=true` as ` (qualified)`, `channel_id=events` as ` (channel: events)`."""
    if slice_ == "all":
        return ""
    name, value = slice_.split("=", 1)
    if value in ("true", "false"):
        bare = words(name.removeprefix("is_").removeprefix("has_")).lower()
        return f" ({bare})" if value == "true" else f" (not {bare})"
    return f" ({words(name).lower()}: {value.replace('_', ' ')})"


def words(name: str | None) -> str:
    """`paid_social` as `Paid social`."""
    text = str(name or "unknown").removesuffix("_id").replace("_", " ")
    text = " ".join(SPELLED.get(word, word) for word in text.split(" "))
    return text[:1].upper() + text[1:]


# --- drawings ------------------------------------------------------------------------------------


def spark(values: list[float], label: str) -> typing.Any:
    """A small line of the last periods."""
    from markupsafe import Markup, escape

    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    size = (high - low) or 1.0
    points = [
        (2 + 96 * k / (len(values) - 1), 22 - 18 * (value - low) / size)
        for k, value in enumerate(values)
    ]
    x, y = points[-1]
    return Markup(
        f'<svg class="spark" viewBox="0 0 104 26" role="img" aria-label="{escape(label)}">'
        f'<polyline class="line" points="{_points(points)}"/>'
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.4"/></svg>'
    )


def course(goal: dict[str, typing.Any], large: bool = False) -> typing.Any:
    """A goal's way: actual (line), expected (dashes) on to the target, forecast with interval."""
    from markupsafe import Markup, escape

    width, height, edge = (560, 170, 14) if large else (132, 40, 6)
    first, last = goal["period_from"], goal["period_to"]
    length = max(1, (last - first).days)
    known = [r for r in goal["readings"] if r["status"] != "data_late"] or goal["readings"]
    actual = [(r["reading_date"], r["actual"]) for r in known if r["actual"] is not None]
    glide = [(r["reading_date"], r["expected"]) for r in known if r["expected"] is not None]
    if glide and glide[-1][0] < last:
        glide.append((last, goal["target"]))
    if goal["profile"] == "cumulative":
        glide = [(first, 0.0), *glide]
        actual = [(first, 0.0), *actual] if actual else []
    elif goal["profile"] == "level":
        glide = [(first, goal["baseline"]), *glide]
    ends = [goal[name] for name in ("forecast", "forecast_low", "forecast_high", "target")]
    heights = [value for _, value in actual + glide] + [e for e in ends if e is not None]
    low, high = min(heights), max(heights)
    size = (high - low) or 1.0

    def at(day: dt.date, value: float) -> tuple[float, float]:
        share = (min(max(day, first), last) - first).days / length
        right = width - 2 * edge - (26 if large else 8)
        return edge + share * right, height - edge - (value - low) / size * (height - 2 * edge)

    parts = []
    x_end, y_target = at(last, goal["target"])
    x_start = at(first, low)[0]
    parts.append(f'<path class="target" d="M{x_start:.1f} {y_target:.1f}H{x_end:.1f}"/>')
    early = " early" if goal["status"] in ("too_early", "data_late") else ""
    if len(glide) > 1:
        parts.append(
            f'<polyline class="glide{early}" points="{_points([at(*p) for p in glide])}"/>'
        )
    ended = goal["status"] in ("reached", "missed")
    if goal["forecast"] is not None and actual and not ended:
        x, y = at(*actual[-1])
        x_far, y_far = at(last, goal["forecast"])
        if goal["forecast_low"] is not None:
            y_low, y_high = at(last, goal["forecast_low"])[1], at(last, goal["forecast_high"])[1]
            parts.append(
                f'<path class="fan" d="M{x:.1f} {y:.1f}L{x_far:.1f} {y_high:.1f}V{y_low:.1f}Z"/>'
                f'<path class="interval" d="M{x_far:.1f} {y_high:.1f}V{y_low:.1f}"/>'
            )
        parts.append(
            f'<path class="ahead" d="M{x:.1f} {y:.1f}L{x_far:.1f} {y_far:.1f}"/>'
            f'<circle class="ring" cx="{x_far:.1f}" cy="{y_far:.1f}" r="{3.4 if large else 2.2}"/>'
        )
    if actual:
        x, y = at(*actual[-1])
        parts.append(
            f'<polyline class="line" points="{_points([at(*p) for p in actual])}"/>'
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{3.6 if large else 2.4}"/>'
        )
    said = f"{goal['label']}: now {goal['actual_text'] or 'unknown'}, expected by now "
    said += f"{goal['expected_text'] or 'unknown'}, target {goal['target_text']}"
    if goal["forecast_text"] and not ended:
        said += f", forecast {goal['forecast_text']}"
        said += f" ({goal['interval_text']})" if goal["interval_text"] else ""
    return Markup(
        f'<svg class="course{" large" if large else ""}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{escape(said)}.">{"".join(parts)}</svg>'
    )


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
