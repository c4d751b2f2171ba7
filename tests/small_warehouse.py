"""A warehouse small enough to check in the head, with the tables that metrics read."""

import datetime as dt
import types

from metrics import measure, trust, values
from metrics.storing import insert

DAY = dt.timedelta(days=1)
AS_OF = dt.date(2026, 9, 30)

OWNERS = """
create schema if not exists marts;
create table marts.dim_owners (
    owner_key varchar, role varchar, owner_label varchar, display_name varchar,
    department varchar, valid_from date, valid_to date, is_current boolean, owner_status varchar);
"""


def prepare(connection):
    """The tables that the step `measure` begins with, empty."""
    for tables in (values.TABLE, measure.DIM_METRICS, trust.TABLE, measure.METRIC_BREAKS, OWNERS):
        connection.execute(tables)
    return connection


def add_metric(
    connection, metric_id, *, better="higher", additivity="additive", amec="outcome",
    unit="count", trust="fresh", reason="", last_event=AS_OF, domain="crm", owner="demand_lead",
):  # fmt: skip
    label = metric_id.replace("_", " ").capitalize()
    connection.execute(
        "insert into metrics.dim_metrics values (?, ?, ?, ?, ?, ?, ?, 'revenue_generation', ?, ?, "
        "'Ida Holm', 'active', 'practice', 'Counts what the CRM says.', 'count(*)', null)",
        [metric_id, label, f"{label}, as counted.", unit, better, additivity, amec, domain, owner],
    )
    connection.execute(
        "insert into metrics.metric_trust values (?, ?, ?, 'feeds', ?)",
        [metric_id, trust, reason, last_event],
    )


def add_owner(connection, role, name, status="active", is_current=True):
    connection.execute(
        "insert into marts.dim_owners values (?, ?, ?, ?, 'Marketing', '2024-01-01', null, ?, ?)",
        [role, role, role.replace("_", " ").capitalize(), name, is_current, status],
    )


def add_values(connection, metric_id, rows, *, grain="day", slice_=("all", "all")):
    """`rows`: {first day: value} or {first day: (numerator, denominator)}."""
    insert(
        connection,
        "metrics.metric_values",
        [
            (metric_id, grain, day, *slice_, v[0] / v[1], *v, True, "fresh")
            if isinstance(v, tuple)
            else (metric_id, grain, day, *slice_, v, None, None, True, "fresh")
            for day, v in rows.items()
        ],
        ("metric_id", "grain", "period_start", "slice_name", "slice_value", "value", "numerator",
         "denominator", "is_complete", "trust"),
    )  # fmt: skip


def add_leads(connection, metric_id, now, *, last=AS_OF, **metric):
    """Two calm years of one a day (2024 has a leap day), then `now` a day."""
    add_metric(connection, metric_id, **metric)
    before = days(dt.date(2024, 1, 1), dt.date(2025, 12, 31), lambda day: 1.0)
    add_values(connection, metric_id, before | days(dt.date(2026, 1, 1), last, lambda day: now))


def days(first, last, value):
    """{day: value(day)} for every day of [first, last]."""
    count = (last - first).days + 1
    return {first + DAY * k: value(first + DAY * k) for k in range(count)}


def settings_with_goals(folder):
    return types.SimpleNamespace(
        metrics=types.SimpleNamespace(goals=str(folder)),
        organization=types.SimpleNamespace(holidays=("easter-2", "easter+1")),
    )


MARTS = """
create table marts.dim_channels as from (values
    ('k1', 'organic_social', 'Organic social', 'shared', 'social', true, 'social_lead'),
    ('k2', 'paid_social', 'Paid social', 'paid', 'social', true, 'media_lead'),
    ('k3', 'tv', 'Television', 'paid', 'traditional', false, 'media_lead'),
    ('k4', 'events', 'Events', 'owned', 'traditional', false, 'events_lead'),
    ('k5', 'unknown', 'Unknown', null, null, null, 'analytics_lead'))
    as t(channel_key, channel_id, channel_label, peso, channel_class, is_social, owner_role);
create table marts.fct_channel_days as
    select md5(channel_id || d) as channel_day_key, cast(d as date) as date_day, channel_id,
        null::varchar as account_id, null::varchar as campaign_id, 'EUR' as currency,
        spend::decimal(18, 4) as spend, spend::decimal(18, 4) as spend_reporting,
        impressions::bigint as impressions, impression_definition, null::double as grps,
        clicks::bigint as clicks, responses::bigint as responses, 'feed' as source_table
    from (values ('organic_social', null::double, 900, 'served', 30, null),
                 ('paid_social', 100.5, 2000, 'served', 60, null),
                 ('tv', 400, null, null, null, null),
                 ('events', 50, null, null, null, 3))
            as c(channel_id, spend, impressions, impression_definition, clicks, responses),
        generate_series(timestamp '2026-01-01', timestamp '2026-09-30', interval 1 day) as t(d);
create table marts.fct_leads as
    select 'l' || n as lead_key, 'l' || n as lead_id,
        date '2026-01-01' + n::integer as created_date,
        case when n % 10 = 0 then null when n % 3 = 0 then 'events' else 'paid_social' end
            as channel_id, n % 2 = 0 as is_qualified, false as is_decoy
    from range(200) as t(n);
create table marts.fct_evidence as from (values
    ('e1', 'tv', date '2026-02-01', date '2026-03-15', 'experiment', 'leads_created', 42.0, 12.0,
     75.0, 8, 'additional leads_created', 'Two regions held out.'),
    ('e2', 'events', date '2026-07-01', date '2026-09-30', 'self_report', 'named as the source',
     0.31, 0.22, 0.41, 96, 'share of answers', 'People remember what they like.'),
    ('e3', 'tv', date '2026-01-01', date '2026-03-31', 'direct_response', 'orders with a code',
     null, 7, null, 7, 'orders', 'At least.'),
    ('e4', 'tv', date '2026-04-01', date '2026-06-30', 'direct_response', 'orders with a code',
     null, 5, null, 5, 'orders', 'At least.'),
    ('e5', 'tv', date '2026-04-01', date '2026-06-30', 'attribution', 'won deals', 0.9, null, null,
     5, 'share of credit', 'Credit, not cause.'))
    as t(evidence_key, channel_id, period_start, period_end, kind, outcome, estimate, low, high, n,
         unit, caveat);
create table marts.dim_dates as select cast(d as date) as date_day, year(d) as fiscal_year,
    quarter(d) as fiscal_quarter,
    cast(date_trunc('quarter', d) as date) as fiscal_quarter_start_date,
    cast(date_trunc('year', d) as date) as fiscal_year_start_date
    from generate_series(date '2024-01-01', date '2027-12-31', interval 1 day) as t(d);
create table metrics.evidence as
    select *, 'as reported' as evidence_source, 1.0 as covered_share, null::varchar as verdict,
        null::varchar as run_id from marts.fct_evidence
    union all
    select 'e0', 'tv', date '2026-02-01', date '2026-03-15', 'experiment', 'leads_created', 40.0,
        11.0, 69.0, null, 'additional leads_created', 'Two regions held out.', 'ours',
        1.0, 'stands', 'r1';
create table metrics.experiment_estimates as select 'x' as experiment_id, 'tv' as channel_id,
    'experiment' as kind, 'leads_created' as outcome, date '2026-02-01' as starts_on,
    date '2026-03-15' as ends_on, 40.0::double as incremental, 11.0::double as incremental_low,
    69.0::double as incremental_high, 42.0::double as reported_incremental,
    12.0::double as reported_low, 75.0::double as reported_high, 1.0::double as misstated_low,
    1.05::double as misstated_high, 'stands' as verdict;
create table metrics.mix_model_runs as select 'revenue_reporting' as outcome,
    date '2025-03-03' as first_week, date '2026-09-21' as last_week;
create table metrics.mix_model_estimates as from (values
    ('revenue_reporting', 'tv', 'year', date '2025-01-01', date '2025-12-31', 'estimated', 9.0, 9.0,
     9.0, 'stands'),
    ('revenue_reporting', 'tv', 'year', date '2026-01-01', date '2026-12-31', 'estimated', 100.0,
     200.0, 300.0, 'stands'),
    ('revenue_reporting', 'events', 'year', date '2026-01-01', date '2026-12-31', 'estimated', 0.0,
     50.0, 90.0, 'unknown: prior'))
    as t(outcome, channel_id, grain, period_start, period_end, status, caused_low, caused_mid,
         caused_high, verdict);
create table metrics.channel_triangulation as select 't1' as triangulation_key, 'tv' as channel_id,
    date '2026-01-01' as quarter_start, 'leads_created' as outcome,
    'x' as experiment_id, 'experiment' as experiment_kind, 40.0::double as experiment_estimate,
    11.0::double as experiment_low, 69.0::double as experiment_high,
    42.0::double as reported_estimate, 12.0::double as reported_low, 75.0::double as reported_high,
    'stands' as experiment_verdict, 1.0::double as misstated_low, 1.05::double as misstated_high,
    20.0::double as mix_in_test_low, 30.0::double as mix_in_test_mid,
    50.0::double as mix_in_test_high, 25.0::double as mix_low, 35.0::double as mix_mid,
    60.0::double as mix_high, false as is_mix_silent, 1.0::double as mix_covered_share,
    7.0::double as codes_at_least, null::double as vanity_at_least,
    null::double as calls_at_least, 7.0::double as at_least, 'codes' as at_least_source,
    0.2::double as said_share,
    0.1::double as said_low, 0.3::double as said_high, 0.05::double as decoy_share,
    0.1::double as credit_low, 0.4::double as credit_high, 'agree' as verdict,
    'mix model and experiment over the same places and days' as verdict_reason;
create table marts.dim_accounts as from (values
    ('a1', 'linkedin:main', 'linkedin', 'main', 'brand', 'social_lead', 'active', null::date),
    ('a2', 'mastodon:old', 'mastodon', '@old', 'brand', 'care_lead', 'left', null::date),
    ('a3', 'facebook:gone', 'facebook', 'gone', 'brand', 'care_lead', 'left', date '2025-01-01'))
    as t(account_key, account_id, network, account, ownership, owner_role, owner_status, closed_on);
create table marts.dim_tools as from (values
    ('t1', 'hub', 'Hub', 'publishing', 'social_lead', 'active'),
    ('t2', 'buf', 'Buf <beta>', 'publishing', 'pr_lead', 'vacant'))
    as t(tool_key, tool_id, tool, capability, owner_role, owner_status);
create table marts.dim_campaigns as from (values
    ('c1', 'cmp-2026-07-x', 'Precision & <Co>', 'leads', date '2026-07-06', date '2026-08-30'))
    as t(campaign_key, campaign_id, campaign_name, objective, starts_on, ends_on);
create table marts.metric_availability as from (values
    ('instagram', 'impressions', date '2026-08-01', null::date, 'native', 'Views', true))
    as t(network, metric, available_from, available_to, kind, definition, is_break);
create table marts.fct_restatements as from (values
    ('r1', 'fct_channel_days', 'impressions', date '2026-08-02', timestamp '2026-09-01'))
    as t(restatement_key, table_name, column_name, event_date, corrected_at);
create schema people;
create table people.fct_moves as from (values ('m1', 'hire', 7), ('m2', 'leave_voluntary', null))
    as t(move_key, kind, people);
create schema quality;
create table quality.results as from (values
    ('r0', 'raw', 'raw_feeds', 'posts', 'impressions', 'expect_column_values_to_not_be_null',
     'critical', true, 0, 90, null, 'x', timestamp '2026-09-29 06:00'),
    ('r1', 'raw', 'raw_feeds', 'posts', 'impressions', 'expect_column_values_to_not_be_null',
     'critical', true, 0, 90, null, 'A post was seen.', timestamp '2026-09-30 06:00'),
    ('r1', 'marts', 'marts', 'fct_channel_days', 'spend', 'expect_column_max_to_be_between',
     'warning', false, 1, 90, '99000', 'No day ever cost so much.', timestamp '2026-09-30 06:00'))
    as t(run_id, gate, schema_name, table_name, column_name, expectation_type, severity, success,
         unexpected_count, element_count, observed_value, why, checked_at);
create schema ops;
create table ops.runs (
    run_id varchar, command varchar, as_of date, status varchar, started_at timestamp,
    finished_at timestamp, pid bigint, fingerprint varchar, message varchar);
insert into ops.runs values ('r1', 'build', '2026-09-30', 'publishing', '2026-09-30 06:00', null,
    1, null, null);
create table ops.steps (
    run_id varchar, step varchar, status varchar, started_at timestamp, seconds double,
    rows bigint, message varchar);
create schema ingest;
create table ingest.settings as from (values
    ('as_of', '2026-09-30'), ('organization_name', 'Ting & <Sons>'),
    ('reporting_currency', 'EUR'), ('time_zone', 'Europe/Berlin'),
    ('fiscal_year_start_month', '1')) as t(key, value);
create table ingest.loads as from (values
    ('l1', 'r1', 'feeds', 'posts', 'loaded', 91, 90, 90, 1, null::varchar, timestamp '2026-09-30',
     timestamp '2026-09-30'))
    as t(load_id, run_id, source, table_name, status, rows_fetched, rows_loaded, rows_new,
         rows_quarantined, error, started_at, loaded_at);
create table ingest.sources as from (values
    ('feeds', 'posts', 'social_lead', true, 3, date '2026-09-30', timestamp '2026-09-30',
     'fresh', null),
    ('feeds', 'tickets', 'care_lead', true, 3, date '2026-09-01', timestamp '2026-09-02', 'stale',
     'The newest row is 29 days old.'),
    ('hubspot', 'deals', 'crm_lead', false, 3, null, null, 'not_configured', 'No token.'))
    as t(source, table_name, owner, is_configured, freshness_days, last_event_date,
         last_loaded_at, status, reason);
create table ingest.quarantine as from (values
    ('q1', 'feeds', 'posts', 'p.csv', 7, 'impressions', '''ida@example.org'' is not a number.',
     'Correct the file.', '{"author": "3f"}', timestamp '2026-09-30', timestamp '2026-09-30', 'l1',
     null::timestamp))
    as t(quarantine_key, source, table_name, file, file_row, field, reason, remedy, row_json,
         first_seen_at, last_seen_at, load_id, replayed_at);
create schema raw_feeds;
create table raw_feeds.posts as select 'raw-secret' as post_id;
comment on table marts.fct_leads is 'One row per lead.';
comment on column marts.fct_leads.is_qualified is 'Sales accepted it.';
"""

# What only the views of the dashboards read: there, and empty.
REST = """
create table people.fct_absence_months (month_start_date date, department_group varchar,
    absent_days double, contracted_days double, is_suppressed boolean);
create table people.fct_advocacy (month_start_date date, department_group varchar,
    eligible bigint, participants bigint, posts bigint, is_suppressed boolean);
create table people.fct_headcount_months (month_start_date date, department_group varchar,
    headcount double, fte double, social_fte double, is_suppressed boolean);
alter table people.fct_moves add column period_start date;
alter table people.fct_moves add column counts_from date;
alter table people.fct_moves add column is_suppressed boolean;
alter table people.fct_moves add column average_headcount double;
create table people.fct_reach_at_risk (quarter_start_date date, followers_total bigint,
    followers_personal bigint, followers_undocumented bigint, followers_at_risk double,
    accounts bigint, accounts_documented bigint);
create table people.fct_survey_results (survey varchar, wave varchar, wave_date date,
    department_group varchar, question varchar, is_benchmark boolean, respondents bigint,
    response_rate double, favourable_share double, promoters bigint, detractors bigint,
    mean_answer double, is_suppressed boolean);
create table people.fct_training (quarter_start_date date, department_group varchar,
    people bigint, training_hours double, training_cost_reporting decimal(18, 4),
    trained_in_social bigint, is_suppressed boolean);
create table people.fct_workload_weeks (week_start_date date, team varchar, people bigint,
    inbound bigint, answered bigint, answered_with_known_hours bigint,
    answered_after_hours bigint, is_suppressed boolean);
alter table marts.dim_accounts add column business_unit varchar;
create table marts.fct_missing_rates (table_name varchar, currency varchar, date_day date,
    missing varchar, rows_affected bigint);
create table marts.fct_identity_exceptions (exception_kind varchar, review_status varchar);
create table marts.fct_attribution as from (values
    ('a1', 'deal_won', 'd1', 'first', 'events', date '2026-05-06', 1.0, 7000.0::decimal(18, 4)),
    ('a2', 'deal_won', 'd2', 'first', 'unattributed', date '2026-05-09', 1.0, 3000.0),
    ('a3', 'deal_won', 'd1', 'last', 'paid_social', date '2026-05-06', 1.0, 7000.0),
    ('a4', 'deal_won', 'd2', 'last', 'unattributed', date '2026-05-09', 1.0, 3000.0),
    ('a5', 'deal_won', 'd1', 'linear', 'events', date '2026-05-06', 0.5, 3500.0),
    ('a6', 'deal_won', 'd1', 'linear', 'paid_social', date '2026-05-06', 0.5, 3500.0),
    ('a7', 'deal_won', 'd2', 'linear', 'unattributed', date '2026-05-09', 1.0, 3000.0))
    as t(attribution_key, conversion_kind, conversion_id, model, channel_id, converted_date,
         credit, revenue_reporting);
create table marts.fct_channel_credit (conversion_kind varchar, window_kind varchar,
    window_start_date date, window_end_date date, model varchar, channel_id varchar,
    conversions double, conversions_low double, conversions_high double,
    revenue_reporting decimal(18, 4), coverage double, auc_holdout double);
create table marts.fct_journeys (conversion_kind varchar, outcome varchar, journey_date date,
    touches bigint, first_channel_id varchar, last_channel_id varchar,
    revenue_reporting decimal(18, 4));
alter table marts.fct_channel_days add column geography varchar;
alter table marts.fct_channel_days add column engagements bigint;
alter table marts.fct_channel_days add column is_spread boolean;
create table marts.fct_conversations (conversation_id varchar, channel varchar,
    received_at timestamp, received_date date, needs_reply boolean, is_answered boolean,
    is_answered_in_sla boolean, team varchar, topic varchar);
create table marts.fct_deals (deal_id varchar, is_won boolean, amount_reporting decimal(18, 4),
    created_date date);
create table marts.fct_events (event_id varchar, event_name varchar, geography varchar,
    campaign_id varchar);
alter table marts.fct_leads add column deal_id varchar;
alter table marts.fct_leads add column geography varchar;
create table marts.fct_mentions (network varchar, published_date date, subject varchar,
    is_brand boolean, is_employee boolean, sentiment varchar);
create table marts.fct_posts (post_id varchar, network varchar, account_id varchar,
    ownership varchar, published_date date, post_type varchar, category varchar,
    campaign_id varchar, is_paid boolean, impressions bigint, comments bigint, shares bigint,
    engagements bigint);
create table marts.fct_reach_windows (network varchar, account_id varchar, campaign_id varchar,
    post_id varchar, window_days bigint, window_end_date date, reach_people bigint,
    impressions bigint);
"""

LEADS_GOAL = """
- name: leads_2026
  statement: More leads.
  metric: leads
  owner: demand_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: cumulative
  baseline: 365
  target: 400
  why: Sales needs them.
"""

GOALS = """
- name: leads_2026
  statement: Grow demand from people who know us.
  metric: leads
  owner: demand_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: cumulative
  baseline: 366
  target: 400
  leading: [engagements]
  why: The sales plan needs them at last year's win rate.
- name: win_rate_2026
  statement: Win more of what we offer.
  metric: win_rate
  owner: sales_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: ratio
  baseline: 0.25
  target: 0.30
  why: A point of win rate is worth more than a hundred leads.
- name: first_response_2026
  statement: Answer while it still matters.
  metric: first_response_minutes
  owner: care_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: level
  baseline: 120
  target: 60
  why: Half of those who wait for more than an hour write again, elsewhere & <angrier>.
- name: engagements_2026
  statement: Be answered.
  metric: engagements
  owner: social_lead
  period: {from: 2026-01-01, to: 2026-12-31}
  profile: cumulative
  baseline: 700
  target: 900
  why: Nobody who is not heard is remembered by the buyers.
"""


def fill(connection, folder):
    """Everything a publication is made of, goals and drivers measured; as of AS_OF."""
    import math
    import types

    from metrics import drivers, goals, reported, signals, to_date, trees

    prepare(connection)
    connection.execute(
        MARTS + REST + signals.TABLES + trees.TABLES + reported.TABLE + to_date.TABLES
    )
    for role, name, status in (
        ("demand_lead", "Ida Holm", "active"), ("sales_lead", "Max <b>Weber</b>", "left"),
        ("care_lead", None, "vacant"), ("social_lead", "Ana Silva", "active"),
        ("media_lead", "Jo Berg", "active"), ("events_lead", "Li Wei", "active"),
    ):  # fmt: skip
        add_owner(connection, role, name, status)
    first = dt.date(2024, 1, 1)
    add_metric(connection, "leads")
    leads = days(first, AS_OF, lambda d: 1.2 if d.year == 2026 else 1.0)
    add_values(connection, "leads", leads)
    add_metric(connection, "engagements", amec="outtake", domain="social", owner="social_lead",
               trust="stale", reason="The posts feed is silent.",
               last_event=dt.date(2026, 9, 2))  # fmt: skip
    add_values(connection, "engagements", days(first, dt.date(2026, 9, 2), lambda d: 2.5))
    add_metric(connection, "win_rate", additivity="ratio", unit="percent", owner="sales_lead")
    add_metric(connection, "first_response_minutes", additivity="percentile", unit="minutes",
               better="lower", domain="cx", owner="care_lead", trust="degraded",
               reason="One gate warned.")  # fmt: skip
    add_metric(connection, "leads_created")
    for name, count in (("events", 60), ("paid_social", 120), ("(unknown)", 20)):
        add_values(connection, "leads_created", {dt.date(2026, 5, 1): count}, grain="month",
                   slice_=("channel_id", name))  # fmt: skip
    add_metric(connection, "attributed_revenue", unit="money", trust="degraded",
               reason="One amount has no rate.")  # fmt: skip
    for name, revenue in (
        ("first: events", 7000), ("first: unattributed", 3000), ("last: paid_social", 7000),
        ("last: unattributed", 3000), ("linear: events", 3500), ("linear: paid_social", 3500),
        ("linear: unattributed", 3000), ("position: events", 9999),
    ):  # fmt: skip
        add_values(connection, "attributed_revenue", {dt.date(2026, 5, 1): revenue}, grain="month",
                   slice_=("model_channel", name))  # fmt: skip
    add_metric(connection, "turnover_rate", additivity="ratio", unit="percent", better="lower",
               domain="hr", amec="outcome", owner="hr_lead")  # fmt: skip
    add_metric(connection, "video_views", amec="output", domain="social", trust="failed",
               reason="Not configured.", last_event=None)  # fmt: skip
    months = [dt.date(y, m, 1) for y in (2024, 2025, 2026) for m in range(1, 13)][:33]
    for k, month in enumerate(months):
        total = 36.0 if month.year == 2026 else 30.0
        add_values(connection, "leads", {month: total}, grain="month")
        for name, share in (("events", 0.25), ("paid_social", 0.75)):
            add_values(connection, "leads", {month: 30.0 * share}, grain="month",
                       slice_=("channel_id", name))  # fmt: skip
        add_values(connection, "win_rate", {month: (10 + k % 4, 40)}, grain="month")
        add_values(connection, "first_response_minutes",
                   {month: 140 - 2 * k + 12 * math.sin(k * 2.3)}, grain="month")  # fmt: skip
    quarters = [m for m in months if m.month in (1, 4, 7, 10)]
    for k, quarter in enumerate(quarters):
        add_values(connection, "leads", {quarter: 100.0 + k}, grain="quarter")
        for name, share in (("events", 0.25), ("paid_social", 0.75)):
            add_values(connection, "leads", {quarter: (100 + k) * share}, grain="quarter",
                       slice_=("channel_id", name))  # fmt: skip
        add_values(connection, "win_rate", {quarter: (30 + k % 4, 120)}, grain="quarter")
        for name, above, below in (("small", 20, 60), ("large", 10 + k % 4, 60)):
            add_values(connection, "win_rate", {quarter: (above, below)}, grain="quarter",
                       slice_=("deal_size", name))  # fmt: skip
        add_values(connection, "turnover_rate", {quarter: (2, 140)}, grain="quarter")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "2026.yml").write_text(GOALS)
    run = types.SimpleNamespace(settings=settings_with_goals(folder), as_of=AS_OF)
    goals.evaluate(run, connection)
    drivers.decompose(run, connection)
    connection.execute(to_date.STRETCHES, {"as_of": AS_OF})
    return connection
