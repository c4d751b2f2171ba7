-- One row per check of the latest run of each gate: what was looked at, how it came out and why it is asked. A check that had nothing to judge is said to be not evaluated.
with latest as (
    select gate, max_by(run_id, checked_at) as run_id from quality.results group by gate
)
select
    r.gate, r.schema_name || '.' || r.table_name as checked_table,
    coalesce(r.column_name, '') as checked_column,
    replace(replace(r.expectation_type, 'expect_', ''), '_', ' ') as check_name, r.severity,
    case when r.success then 'Passed' when r.success is null then 'Not evaluated'
        when r.severity = 'critical' then 'Failed' when r.severity = 'warning' then 'Warned'
        else 'Noted' end as status,
    case when r.success then 5 when r.success is null then 4 when r.severity = 'critical' then 1
        when r.severity = 'warning' then 2 else 3 end as status_order,
    r.unexpected_count, r.element_count, left(r.observed_value, 200) as observed_value, r.why,
    r.checked_at, cast(r.checked_at as date) as checked_date, r.run_id
from quality.results as r
join latest as l on r.gate = l.gate and r.run_id = l.run_id
order by status_order, r.gate, 2, 3, 4
