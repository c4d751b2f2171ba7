"""Data Docs: one page a gate, which needs nothing but itself.

Great Expectations' own site loads Bootstrap, jQuery, Vega and its icons from four hosts and has
no style without them, so a published copy would break offline, on paper and in an archive. The
sentences are its renderers'; the page is ours. It shows counts and the query, never rows: it is
published, and a row may be a person.
"""

from __future__ import annotations

import datetime as dt
import html
import string
import typing
from collections.abc import Sequence
from pathlib import Path

from expectations import suites as files
from settings import Run

if typing.TYPE_CHECKING:
    from expectations.gate import Result
    from expectations.suites import Check

STYLE = """
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#565c66;--line:#d5d9df;--back:#fff;
--card:#f6f7f9;--good:#176b3a;--bad:#a3151d;--warn:#8a5200}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a9b0ba;--line:#3b414a;--back:#15181c;
--card:#1e2228;--good:#6fd39a;--bad:#ff9a96;--warn:#f2b866}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);margin:0 auto;
padding:1rem;max-width:72rem}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p,dd{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
th{background:var(--card);font-weight:600}td:last-child{font-variant-numeric:tabular-nums;width:9rem}
td:first-child{width:7rem}em{font-style:normal;color:var(--soft)}
.good{color:var(--good)}.bad{color:var(--bad);font-weight:700}
.warn{color:var(--warn);font-weight:700}.none,small,.source{color:var(--soft)}.source{font-size:.8rem;
overflow-wrap:anywhere}
code,pre{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
pre{white-space:pre-wrap;background:var(--card);padding:.5rem;margin:.3rem 0}
@media print{details>*{display:block}body{max-width:none}tr{break-inside:avoid}}
"""


def sentence(validated: typing.Any, check: Check) -> str:
    """What is expected, in Great Expectations' own words; SQL is shown as SQL."""
    if check.query is not None:
        return "No row answers this query."
    from great_expectations.expectations.registry import get_renderer_impl

    implementation = get_renderer_impl(check.entry.type, "renderer.prescriptive")
    content = (
        implementation[1](configuration=validated.expectation_config, result=validated)
        if implementation
        else []
    )
    said = next((c.string_template for c in content if hasattr(c, "string_template")), None)
    if said is None:
        return check.entry.type
    names = {name: _word(value) for name, value in said["params"].items()}
    return string.Template(said["template"]).safe_substitute(names).strip()


def _word(value: typing.Any) -> str:
    if isinstance(value, dict) and "$PARAMETER" in value:
        return str(value["$PARAMETER"]).replace("_", " ")
    return str(value)


def write_page(
    folder: Path, run: Run, which: str, results: Sequence[Result], checked_at: dt.datetime
) -> Path:
    """Write `<folder>/index.html`: one table of checks for each table judged. Returns its path."""
    tables: dict[str, list[Result]] = {}
    for result in results:
        tables.setdefault(result.subject.suite.name, []).append(result)
    met = sum(bool(r.success) for r in results)
    fired = [r for r in results if r.stops or r.warns]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>Gate {which}: {html.escape(run.settings.organization.name)}</title>"
        f"<style>{STYLE}</style></head><body><main><h1>What the gate before "
        f"{'the models' if which == 'raw' else 'publication'} found</h1>"
        f"<p>{html.escape(run.settings.organization.name)}, as of {run.as_of}, run "
        f"<code>{html.escape(run.run_id)}</code>, checked {checked_at:%Y-%m-%d %H:%M} UTC. "
        f"{met} of {len(results)} expectations are met, {sum(r.stops for r in results)} stop the "
        f"build, {sum(r.warns for r in results)} warn, "
        f"{sum(r.success is None and not r.error for r in results)} were not evaluated.</p>"
        "<p>Rows are not shown: this page is published. A query finds them in the build's "
        "warehouse when <code>{batch}</code> is replaced by the table's name.</p>"
    ]
    if fired:
        parts.append(_table("What fired", fired, run.as_of, named=True))
    parts += [_table(name, rows, run.as_of) for name, rows in sorted(tables.items())]
    parts.append("</main></body></html>")
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    page.write_text("".join(parts), encoding="utf-8")
    return page


def _table(title: str, results: Sequence[Result], as_of: dt.date, named: bool = False) -> str:
    body = "".join(_row(result, as_of, named) for result in results)
    return (
        f"<h2>{html.escape(title)}</h2><div class='wide'><table><thead><tr>"
        "<th scope='col'>Result</th><th scope='col'>What is expected, and why</th>"
        f"<th scope='col'>Found</th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(r: Result, as_of: dt.date, named: bool) -> str:
    if r.error:
        mark, kind = "not answered", "bad"
    elif r.success is None:
        mark, kind = "not evaluated", "none"
    elif r.success:
        mark, kind = "met", "good"
    else:
        mark, kind = ("not met", "bad" if r.stops else "warn" if r.warns else "none")
    text = html.escape
    table = f"<code>{text(r.subject.suite.name)}</code>: " if named else ""
    query = ""
    if r.check.query is not None:
        sql = files.sql_with_days(r.check.query.strip(), as_of)
        query = f"<details><summary>query</summary><pre>{text(sql)}</pre></details>"
    return (
        f"<tr><td><span class='{kind}'>{mark}</span><br>"
        f"<small>{r.check.entry.severity}</small></td>"
        f"<td>{table}{text(r.sentence or r.check.entry.type)} "
        f"<em>{text(r.check.entry.meta.why)}</em>{query}"
        f"<div class='source'>{text(r.check.entry.type)}, {r.check.file.parent.name}/"
        f"{r.check.file.name}:{r.check.line}</div></td><td>{_found(r)}</td></tr>"
    )


def _found(r: Result) -> str:
    """Counts where rows were counted, else what was observed."""
    if r.error or r.success is None:
        return html.escape(r.error or r.observed or "")
    if r.unexpected_count is not None and r.check.query is not None:
        return f"{_count(r.unexpected_count)} found, {_count(r.element_count)} in the table"
    if r.unexpected_count is not None:
        return f"{_count(r.unexpected_count)} of {_count(r.element_count)}"
    return html.escape(r.observed or "not told: it is about people")


def _count(number: int | None) -> str:
    return "few" if number is None else f"{number:,}"
