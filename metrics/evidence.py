"""Everything that speaks for a channel, side by side: `metrics.evidence`, and by quarter
`metrics.channel_triangulation`.

dbt never reads what metrics computed, so what was reported (`marts.fct_evidence`) and what we
estimate ourselves (experiments, mix models) meet here. Nothing is averaged: a verdict says only
whether two kinds that answer the same question contradict each other.
"""

from __future__ import annotations

import typing

from settings import Run

if typing.TYPE_CHECKING:
    import duckdb

# evidence: one row per channel, period, kind, outcome and source; kinds as in fct_evidence, and
# mix_model. channel_triangulation: one row per channel, quarter, outcome and test of which anybody
# has a figure, in the quarter of its middle day; without a test one row, experiment_id null. What
# is not of one test (model, codes, answers, credit) is the same in each row of several tests.
# Codes, vanity addresses and tracked calls are lower bounds each; at_least is the largest, never
# their sum, because one buyer may leave several; at_least_source names it (of equals, codes).
# covered_share: of the period (a model: of its weeks in all places) what the evidence is of.
# verdict of evidence: stands; unknown, and why, of what is shown but is none: a test that other
# money makes wrong by more than a tenth, a model that says no more than was assumed before
# (is_mix_silent); null of kinds of which nobody can tell. verdict of a triangulation: do test and
# model agree. Shares are fractions; caused and additional outcomes are in units of the outcome;
# intervals are 90 % (self-report 95 %).
TABLES = """
create or replace table metrics.evidence as
with own as (
    select
        channel_id, starts_on as period_start, ends_on as period_end, kind, outcome,
        incremental as estimate, incremental_low as low, incremental_high as high,
        1.0 as covered_share, verdict,
        cast(null as bigint) as n, 'additional ' || outcome as unit,
        experiment_id || ', by ' || method as evidence_source,
        case when kind = 'experiment' then 'Holds for this test alone: '
            else 'Nobody drew lots, so what else happened there is in it: ' end
        || coalesce(replace(design, '_', ' '), 'design not stated') || ', ' || registered
        || format('; p = {:.2f}', p_value)
        || case when window_mape is null then '' else format(
            ', pretended tests before it were off by {:.0f} %, so less than {:.0f} % would not be '
            || 'found', 100 * window_mape, 100 * detectable_lift) end
        || '. ' || contamination as caveat,
        run_id
    from metrics.experiment_estimates
    where status = 'estimated'
),
modelled as (
    select
        estimates.channel_id, estimates.period_start,
        least(estimates.period_end, runs.last_week + 6) as period_end, 'mix_model' as kind,
        estimates.covered_share, estimates.verdict,
        estimates.outcome, estimates.caused_mid as estimate, estimates.caused_low as low,
        estimates.caused_high as high,
        runs.observations as n,
        case when estimates.outcome = 'revenue_reporting' then 'reporting currency'
            else 'additional ' || estimates.outcome end as unit,
        'mix model, ' || replace(estimates.estimator, '_', '-') as evidence_source,
        format('A model of weeks, not a test: {:.0f} observations per effect, interval 90 %.',
            runs.observations_per_effect)
        || case when estimates.verdict = getvariable('prior')
            then ' The data say nothing that was not assumed before.' else '' end
        || case when estimates.caused_low < 0.01 * estimates.caused_high
            then ' Begins at nothing, so it does not show that the channel caused any.' else '' end
        || case when estimates.covered_share < 1 then format(
            ' Knows {:.0f} % of the quarter.', floor(100 * estimates.covered_share)) else '' end
            as caveat,
        estimates.run_id
    from metrics.mix_model_estimates as estimates
    join metrics.mix_model_runs as runs using (outcome)
    where estimates.grain = 'quarter' and estimates.status = 'estimated'
),
told as (
    -- What spoils a test spoils its tool's answer too, and so does a design that we cannot read.
    select
        reported.channel_id, reported.period_start, reported.period_end, reported.kind,
        reported.outcome, reported.estimate, reported.low, reported.high, reported.n,
        reported.unit, reported.caveat || case when estimates.status = 'refused'
            then ' It cannot be checked here: ' || estimates.reason
            else coalesce(' ' || estimates.contamination, '') end as caveat,
        reported.evidence_source, reported.covered_share,
        case when reported.kind in ('experiment', 'quasi_experiment')
            then coalesce(estimates.verdict, getvariable('not_checked')) end as verdict,
        cast(null as varchar) as run_id
    from marts.fct_evidence as reported
    left join metrics.experiment_estimates as estimates
        on reported.kind = estimates.kind
        and reported.evidence_source = estimates.experiment_id
        and replace(reported.outcome, ' (lift)', '') = estimates.outcome
    union all
    select channel_id, period_start, period_end, kind, outcome, estimate, low, high, n, unit,
        caveat, evidence_source, covered_share, verdict, run_id
    from own
    union all
    select channel_id, period_start, period_end, kind, outcome, estimate, low, high, n, unit,
        caveat, evidence_source, covered_share, verdict, run_id
    from modelled
)
select
    md5(concat_ws('|', kind, evidence_source, channel_id, period_start, outcome)) as evidence_key,
    told.*
from told;

create or replace table metrics.channel_triangulation as
with outcomes(outcome, marked) as (values
    ('leads_created', 'leads with a code'),
    ('leads_created', 'leads after a visit to a vanity address'),
    ('leads_created', 'leads after a qualified tracked call'),
    ('leads_qualified', 'qualified leads with a code'),
    ('leads_qualified', 'qualified leads after a visit to a vanity address'),
    ('leads_qualified', 'qualified leads after a qualified tracked call'),
    ('orders', 'orders with a code'),
    ('revenue_reporting', 'revenue with a code')),
tests as (
    select
        estimates.channel_id, estimates.outcome, estimates.experiment_id, estimates.kind,
        estimates.incremental, estimates.incremental_low, estimates.incremental_high,
        estimates.reported_incremental, estimates.reported_low, estimates.reported_high,
        estimates.misstated_low, estimates.misstated_high, estimates.verdict as test_verdict,
        estimates.registered, estimates.reason as not_checked,
        modelled.caused_low, modelled.caused_mid, modelled.caused_high,
        cast(date_trunc('quarter', starts_on + cast((ends_on - starts_on) // 2 as integer))
            as date) as quarter_start
    from metrics.experiment_estimates as estimates
    left join metrics.mix_model_tests as modelled
        on modelled.experiment_id = estimates.experiment_id
        and modelled.outcome = estimates.outcome
    where estimates.status = 'estimated' or estimates.reported_incremental is not null
),
marks as (
    select
        channel_id, period_start as quarter_start, outcomes.outcome,
        max(low) filter (evidence_source = 'codes') as codes_at_least,
        max(low) filter (evidence_source = 'vanity addresses') as vanity_at_least,
        max(low) filter (evidence_source = 'tracked calls') as calls_at_least,
        max(low) as at_least,
        arg_max(evidence_source, (low, evidence_source = 'codes', evidence_source))
            as at_least_source
    from marts.fct_evidence join outcomes on fct_evidence.outcome = outcomes.marked
    where kind = 'direct_response' group by all
),
-- Credit is told of won deals and of qualified leads, answers of leads and of qualified leads: each
-- stands in the rows of its own outcome and in no other. A rule that has no row for a channel gives
-- it nothing.
credited as (
    select channel_id, period_start as quarter_start, evidence_source as rule, estimate,
        case when outcome like 'won deals%' then 'deals_won' else 'leads_qualified' end as outcome
    from marts.fct_evidence where kind = 'attribution'
),
credits as (
    select channel_id, quarter_start, outcome,
        case when count(*) < (select count(distinct rule) from credited as every
            where every.outcome = credited.outcome) then 0 else min(estimate) end as credit_low,
        max(estimate) as credit_high
    from credited where channel_id <> 'unattributed'
    group by channel_id, quarter_start, outcome
),
answered as (
    select channel_id, period_start as quarter_start, estimate, low, high,
        case when outcome like 'qualified leads%' then 'leads_qualified'
            else 'leads_created' end as outcome
    from marts.fct_evidence where kind = 'self_report'
),
answers as (
    select channel_id, quarter_start, outcome, estimate as said, low as said_low, high as said_high
    from answered where channel_id <> 'unknown'
),
decoys as (
    select quarter_start, outcome, estimate as decoy from answered where channel_id = 'unknown'
),
mixes as (
    select
        outcome, channel_id, period_start as quarter_start, caused_low, caused_mid, caused_high,
        covered_share, verdict = getvariable('prior') as is_silent
    from metrics.mix_model_estimates
    where grain = 'quarter' and status = 'estimated'
),
keys as (
    select channel_id, quarter_start, outcome from marks
    union select channel_id, quarter_start, outcome from mixes
    union select channel_id, quarter_start, outcome from tests
    union select channel_id, quarter_start, outcome from credits
    union select channel_id, quarter_start, outcome from answers
)
select
    md5(concat_ws('|', channel_id, quarter_start, outcome, tests.experiment_id))
        as triangulation_key,
    channel_id, quarter_start, outcome,
    tests.experiment_id, tests.kind as experiment_kind, tests.incremental as experiment_estimate,
    tests.incremental_low as experiment_low, tests.incremental_high as experiment_high,
    tests.reported_incremental as reported_estimate, tests.reported_low, tests.reported_high,
    tests.test_verdict as experiment_verdict, tests.misstated_low, tests.misstated_high,
    tests.caused_low as mix_in_test_low, tests.caused_mid as mix_in_test_mid,
    tests.caused_high as mix_in_test_high,
    mixes.caused_low as mix_low, mixes.caused_mid as mix_mid, mixes.caused_high as mix_high,
    mixes.is_silent as is_mix_silent, mixes.covered_share as mix_covered_share,
    marks.codes_at_least, marks.vanity_at_least, marks.calls_at_least, marks.at_least,
    marks.at_least_source, answers.said as said_share, answers.said_low, answers.said_high,
    decoys.decoy as decoy_share, credits.credit_low, credits.credit_high,
    case
        when tests.test_verdict in (getvariable('contaminated'), getvariable('not_checked'))
            then tests.test_verdict
        when mixes.is_silent then getvariable('prior')
        when tests.incremental is null or tests.caused_low is null then 'unknown'
        when tests.caused_low <= tests.incremental_high
            and tests.incremental_low <= tests.caused_high
            and tests.incremental_low <= 0 and tests.incremental_high >= 0 then 'unknown'
        when tests.caused_low <= tests.incremental_high
            and tests.incremental_low <= tests.caused_high then 'agree'
        else 'conflict'
    end as verdict,
    case
        when tests.test_verdict = getvariable('contaminated') then format(
            'other spend makes the {} {:.2f} to {:.2f} times the effect',
            replace(tests.kind, '_', '-'), tests.misstated_low, tests.misstated_high)
        when tests.test_verdict = getvariable('not_checked') then 'what the tool of the '
            || replace(tests.kind, '_', '-') || ' reported cannot be checked here: '
            || rtrim(tests.not_checked, '.')
        when mixes.is_silent then 'the mix model says no more of the channel than was assumed'
        when tests.experiment_id is null then 'no experiment in this quarter'
            || case when mixes.caused_mid is not null and coalesce(
                    marks.at_least, answers.said, credits.credit_high) is not null
                then '; codes, answers and credit do not count what the mix model estimates'
                else '' end
        when tests.caused_low is null
            then 'the mix model does not cover the places, weeks or outcome of the experiment'
        when tests.caused_low <= tests.incremental_high
            and tests.incremental_low <= tests.caused_high
            and tests.incremental_low <= 0 and tests.incremental_high >= 0
            then 'the ' || replace(tests.kind, '_', '-')
                || ' could not tell: its interval holds nothing as well'
        else 'mix model and ' || replace(tests.kind, '_', '-')
            || ' over the same places and days' || case when tests.test_verdict
                = getvariable('unchecked') then '; contamination is not known' else '' end
    end as verdict_reason
from keys
left join tests using (channel_id, quarter_start, outcome)
left join mixes using (channel_id, quarter_start, outcome)
left join marks using (channel_id, quarter_start, outcome)
left join credits using (channel_id, quarter_start, outcome)
left join answers using (channel_id, quarter_start, outcome)
left join decoys using (quarter_start, outcome);
"""


# Tests that stand in no row: neither we nor their tool give a figure.
UNKNOWN = """
select concat(coalesce(experiment_id, 'one without an id'), ' (' || outcome || ')')
from metrics.experiment_estimates
where status = 'refused' and reported_incremental is null order by 1
"""

# One row (rows, agree, conflict, contaminated, not_checked, prior, untested, uncovered, untold) of
# channel_triangulation: why rows have no verdict, each row under its first reason.
COMPARED = """
select count(*), count(*) filter (verdict = 'agree'), count(*) filter (verdict = 'conflict'),
    count(*) filter (verdict = getvariable('contaminated')),
    count(*) filter (verdict = getvariable('not_checked')),
    count(*) filter (verdict = getvariable('prior')),
    count(*) filter (verdict = 'unknown' and experiment_id is null),
    count(*) filter (verdict = 'unknown' and experiment_id is not null
        and mix_in_test_low is null),
    count(*) filter (verdict = 'unknown' and mix_in_test_low is not null)
from metrics.channel_triangulation
"""


class Compared(typing.NamedTuple):
    """How many rows of the triangulation have a verdict, and what the others lack."""

    rows: int
    agree: int
    conflict: int
    contaminated: int
    not_checked: int
    prior: int
    untested: int
    uncovered: int
    untold: int

    def sentence(self) -> str:
        return (
            f"triangulation: of {self.rows} rows {self.agree} agree and {self.conflict} conflict; "
            f"no verdict on {self.untested} without a test, {self.prior} of which the mix model "
            f"says no more than was assumed, {self.contaminated} whose test is contaminated, "
            f"{self.not_checked} whose test cannot be checked, "
            f"{self.uncovered} whose test the mix model does not cover and {self.untold} whose "
            "test could not tell"
        )


def compared(connection: duckdb.DuckDBPyConnection) -> Compared:
    """Counts rows of metrics.channel_triangulation by why they have a verdict or none."""
    _words(connection)
    [found] = connection.execute(COMPARED).fetchall()
    return Compared(*found)


def _words(connection: duckdb.DuckDBPyConnection) -> None:
    from metrics.experiments import CONTAMINATED, NOT_ESTIMATED, UNCHECKED
    from metrics.mix_runs import PRIOR

    connection.execute(f"set variable prior = '{PRIOR}'")
    connection.execute(f"set variable contaminated = '{CONTAMINATED}'")
    connection.execute(f"set variable not_checked = '{NOT_ESTIMATED}'")
    connection.execute(f"set variable unchecked = '{UNCHECKED}'")


def write(run: Run, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Rewrite both tables from the marts, experiment_estimates and mix_model_*; gives a sentence on
    how many rows have a verdict and why the others have none, one that names the tests in no row,
    and one for each test that the mix model contradicts."""
    _words(connection)
    connection.execute(TABLES)
    conflicts = connection.execute(
        "select channel_id, outcome, experiment_id from metrics.channel_triangulation "
        "where verdict = 'conflict' order by all"
    ).fetchall()
    told = compared(connection)
    unknown = [name for (name,) in connection.execute(UNKNOWN).fetchall()]
    said = [told.sentence()] if told.rows else []
    if unknown:
        said.append(
            f"triangulation: {len(unknown)} tests in no row, because neither we nor their tool "
            f"give a figure: {', '.join(unknown)}"
        )
    return *said, *(
        f"{channel}: experiment {experiment} and the mix model of {outcome} contradict each other"
        for channel, outcome, experiment in conflicts
    )
