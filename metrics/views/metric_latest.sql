-- One row per metric: its definition, owner and trust, with the last complete period of the finest grain of month, quarter and year that has one, for all slices together. Null where the metric has no value for all together.
with ranked as (
    select
        s.*,
        row_number() over (
            partition by s.metric_id
            order by case s.grain when 'month' then 1 when 'quarter' then 2 else 3 end
        ) as place
    from dashboards.metric_series as s
    where s.slice_name = 'all' and s.is_latest and s.grain in ('month', 'quarter', 'year')
)
select
    m.metric_id, m.label as metric, m.description as definition, m.formula, m.unit, m.better,
    m.amec as level, m.domain, m.owner_role,
    coalesce(m.owner_name, 'nobody') as owner, m.owner_status, m.definition_source, m.caveat,
    r.grain, r.period_start, r.value, r.previous_value, r.year_before_value,
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
