-- One row per metric: its definition, owner and trust, with the last complete period of the finest grain of month, quarter and year that has one, for all slices together; a value of more than four periods ago is unknown. Null where the metric has no value for all together.
with ranked as (
    select
        s.*,
        row_number() over (
            partition by s.metric_id
            order by case s.grain when 'month' then 1 when 'quarter' then 2 else 3 end
        ) as place
    from dashboards.metric_series as s
    cross join ops.publication as p
    where s.slice_name = 'all' and s.is_latest and s.value is not null
        and s.period_start >= date_trunc('month', p.as_of) - case s.grain
            when 'month' then interval 4 month when 'quarter' then interval 12 month
            when 'year' then interval 48 month end
)
select
    m.metric_id, m.label as metric, m.description as definition, m.formula, m.unit, m.better,
    m.amec as level,
    case m.amec when 'impact' then 1 when 'outcome' then 2 when 'outtake' then 3 when 'output' then 4
        when 'activity' then 5 else 6 end as level_order,
    m.domain, m.owner_role,
    coalesce(m.owner_name, 'nobody') as owner, m.owner_status, m.definition_source, m.caveat,
    r.grain, r.period_start, r.value, r.previous_value, r.year_before_value,
    coalesce(said(r.low, m.unit, p.reporting_currency) || ' to '
        || said(r.high, m.unit, p.reporting_currency)
        || case when m.interval_level is null then ' (bounds)' else '' end, '')
        || coalesce(' (n ' || format('{:,}', r.n) || ')', '') as range_text,
    coalesce(said(r.value, m.unit, p.reporting_currency), 'unknown') as value_text,
    coalesce(
        said(r.year_before_value, m.unit, p.reporting_currency),
        case when r.year_before_break is null then 'unknown' else 'not comparable' end
    ) as year_before_text,
    coalesce(
        'withheld: ' || r.year_before_break,
        changed(r.value, r.year_before_value, m.unit, p.reporting_currency), 'unknown'
    ) as change_text,
    case
        when r.value is null or r.year_before_value is null or m.better not in ('higher', 'lower')
            then 'no verdict'
        when r.value = r.year_before_value then 'same'
        when (r.value > r.year_before_value) = (m.better = 'higher') then 'better'
        else 'worse'
    end as verdict,
    case when t.sources = '' then 'no source' else t.trust end as trust,
    coalesce(t.reason, '') as trust_reason
from metrics.dim_metrics as m
cross join ops.publication as p
left join ranked as r on m.metric_id = r.metric_id and r.place = 1
left join metrics.metric_trust as t on m.metric_id = t.metric_id
order by m.label
