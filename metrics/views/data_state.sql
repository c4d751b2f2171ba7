-- One row: the publication that is shown, and how many checks, sources and goals stand how.
with checks as (
    select
        sum(case when status_order = 5 then 1 else 0 end) as passed,
        sum(case when status_order <> 4 then 1 else 0 end) as judged,
        sum(case when status_order = 1 then 1 else 0 end) as failed
    from dashboards.gate_checks
),
feeds as (
    select
        sum(case when status_order < 3 then 1 else 0 end) as late,
        sum(case when status_order < 4 then 1 else 0 end) as configured
    from dashboards.sources
),
kept_out as (select sum(rows_quarantined) as kept from ingest.quarantine_counts),
aims as (
    select
        sum(case when status in ('On track', 'Reached') then 1 else 0 end) as good,
        sum(case when status in ('Off track', 'Missed') then 1 else 0 end) as bad,
        count(*) as aims
    from dashboards.goals
)
select
    p.run_id, p.organization_name, p.as_of, p.started_at as published_at,
    cast(coalesce(c.passed, 0) as bigint) as checks_passed,
    cast(coalesce(c.judged, 0) as bigint) as checks_judged,
    cast(coalesce(c.failed, 0) as bigint) as checks_failed,
    coalesce(c.passed, 0) / nullif(cast(c.judged as double), 0) as checks_passed_share,
    cast(coalesce(f.late, 0) as bigint) as sources_late,
    cast(coalesce(f.configured, 0) as bigint) as sources_configured,
    cast(coalesce(k.kept, 0) as bigint) as rows_quarantined,
    cast(coalesce(a.good, 0) as bigint) as goals_on_track,
    cast(coalesce(a.bad, 0) as bigint) as goals_off_track,
    cast(a.aims as bigint) as goals_set
from ops.publication as p
cross join checks as c
cross join feeds as f
cross join kept_out as k
cross join aims as a
