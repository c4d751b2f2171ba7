-- One row per goal: where it stands, where it should stand by now and where it will end. target_share is value over target, turned round where lower is better; status follows the chance of meeting the target, never that share. There is no average over goals.
with sliced as (
    select
        *,
        case when slice = 'all' then 'all' else split_part(slice, '=', 1) end as slice_name,
        case when slice = 'all' then 'all' else split_part(slice, '=', 2) end as slice_value
    from metrics.goal_status
),
months as (
    select
        metric_id, slice_name, slice_value, slice_label, value, year_before_value,
        year_before_break,
        row_number() over (
            partition by metric_id, slice_name, slice_value
            order by case grain when 'month' then 1 when 'quarter' then 2 else 3 end
        ) as place
    from dashboards.metric_series
    where is_latest and grain in ('month', 'quarter', 'year')
),
-- What counts up over a period is held against the same stretch of a year before; by days where
-- the metric has days, else by months, and then only when the stretch ends with one.
fine as (
    select metric_id, slice_name, min(case grain when 'day' then 1 when 'month' then 2 end) as place
    from metrics.metric_values
    where grain in ('day', 'month')
    group by metric_id, slice_name
),
stretches as (
    select
        g.goal_id,
        case when g.profile = 'cumulative' then sum(v.value)
            else sum(v.numerator) / nullif(sum(v.denominator), 0) end as year_before
    from sliced as g
    join fine as f on g.metric_id = f.metric_id and g.slice_name = f.slice_name
    join metrics.metric_values as v
        on g.metric_id = v.metric_id and g.slice_name = v.slice_name
        and g.slice_value = v.slice_value
        and v.grain = case f.place when 1 then 'day' else 'month' end
        and v.period_start >= g.period_from - interval 1 year
        and v.period_start <= least(g.as_of, g.period_to) - interval 1 year
    where g.profile <> 'level' and g.status not in ('data_late', 'no_source')
        and (
            f.place = 1
            or date_trunc('month', least(g.as_of, g.period_to) + 1) = least(g.as_of, g.period_to) + 1
        )
    group by g.goal_id, g.profile
),
-- A network changed what the metric counts since the stretch of a year before began.
breaks as (
    select g.goal_id, string_agg(distinct b.note, ', ' order by b.note) as note
    from sliced as g
    join dashboards.metric_breaks as b
        on g.metric_id = b.metric_id
        and b.changed_on > g.period_from - interval 1 year
        and b.changed_on <= least(g.as_of, g.period_to)
        and (g.slice_name <> 'network' or g.slice_value = b.network)
    group by g.goal_id
),
tested as (
    select
        s.goal_id,
        coalesce(b.readings || ' past readings missed by '
            || format('{:,.1f} %', 100 * b.error_share) || ' on average; ', '')
        || case
            when s.backtest_readings > 0
                then format('{:.0f} %', 100 * s.backtest_covered_share) || ' of '
                    || s.backtest_readings || ' intervals held the result (80 % should)'
            when s.interval_basis is null then 'too little history for an interval'
            else 'interval not backtested: too little history' end as backtest_text
    from metrics.goal_status as s
    left join (
        select goal_id, count(*) as readings, avg(abs(error_share)) as error_share
        from metrics.goal_backtests group by goal_id
    ) as b on s.goal_id = b.goal_id
),
watched as (
    select
        w.goal_id,
        string_agg(
            l.metric || ' ' || l.value_text || coalesce(case l.grain
                when 'month' then strftime(l.period_start, ' in %b %Y')
                when 'quarter' then ' in Q' || quarter(l.period_start) || ' ' || year(l.period_start)
                when 'year' then strftime(l.period_start, ' in %Y') end, '')
            || case l.change_text when 'unknown' then ''
                else ', ' || replace(l.change_text, '-', '−') || ' on a year before' end,
            '; ' order by w.place
        ) as leading_text
    from (
        select goal_id, unnest(string_split(leading_metrics, ', ')) as metric_id,
            generate_subscripts(string_split(leading_metrics, ', '), 1) as place
        from metrics.dim_goals
    ) as w
    join dashboards.metric_latest as l on w.metric_id = l.metric_id
    group by w.goal_id
),
titled as (
    select role, min(owner_label) as owner_title from marts.dim_owners
    where is_current group by role
)
select
    g.goal_id,
    g.metric_label || case
        when g.slice = 'all' then ''
        when g.slice_value in ('true', 'false')
            then ' (' || case g.slice_value when 'false' then 'not ' else '' end
                || replace(replace(g.slice_name, 'is_', ''), '_', ' ') || ')'
        else ' (' || coalesce(m.slice_label, g.slice_value) || ')'
    end as goal,
    g.statement, g.why, g.metric_id, g.unit, d.better,
    coalesce(g.owner_name, 'nobody') as owner, g.owner_role,
    coalesce(i.owner_title, replace(g.owner_role, '_', ' ')) as owner_title, g.owner_status,
    g.period_from, g.period_to, g.as_of,
    case when g.status = 'no_source' then 'No source'
        when g.status = 'off_track' then 'Off track' when g.status = 'missed' then 'Missed'
        when g.status = 'at_risk' then 'At risk' when g.status = 'data_late' then 'Data late'
        when g.status = 'too_early' then 'Too early' when g.status = 'on_track' then 'On track'
        else 'Reached' end as status,
    case when g.status = 'no_source' then 5
        when g.status = 'off_track' then 1 when g.status = 'missed' then 2
        when g.status = 'at_risk' then 3 when g.status = 'data_late' then 4
        when g.status = 'too_early' then 6 when g.status = 'on_track' then 7
        else 8 end as status_order,
    g.status_reason, g.actual as value, g.expected, g.target, g.baseline,
    case when d.better = 'lower' then g.target / nullif(g.actual, 0)
        else g.actual / nullif(g.target, 0) end as target_share,
    g.pace, g.forecast, g.forecast_low, g.forecast_high, g.probability as chance,
    g.required_rate,
    coalesce(said(g.actual, g.unit, p.reporting_currency), 'unknown') as value_text,
    coalesce(said(g.expected, g.unit, p.reporting_currency), 'no pace yet') as expected_text,
    said(g.target, g.unit, p.reporting_currency) as target_text,
    coalesce(
        said(g.forecast, g.unit, p.reporting_currency) || coalesce(
            ' (' || said(g.forecast_low, g.unit, p.reporting_currency) || ' to '
                || said(g.forecast_high, g.unit, p.reporting_currency)
                || case g.interval_basis when 'not_backtested' then '; not backtested' else '' end
                || ')', ''),
        'not enough history'
    ) as forecast_text,
    coalesce(case
        when g.profile = 'level' and m.year_before_break is not null
            then 'withheld: ' || m.year_before_break
        when g.profile <> 'level' and b.note is not null then 'withheld: ' || b.note
        when g.profile = 'level'
            then changed(m.value, m.year_before_value, g.unit, p.reporting_currency)
        else changed(g.actual, s.year_before, g.unit, p.reporting_currency)
    end, 'unknown') as change_text,
    coalesce(e.leading_text, '') as leading_text,
    x.backtest_text,
    case when g.status = 'no_source' then 'no source' else g.trust end as trust,
    coalesce(g.trust_reason, '') as trust_reason
from sliced as g
join metrics.dim_goals as d on g.goal_id = d.goal_id
cross join ops.publication as p
left join stretches as s on g.goal_id = s.goal_id
left join breaks as b on g.goal_id = b.goal_id
join tested as x on g.goal_id = x.goal_id
left join watched as e on g.goal_id = e.goal_id
left join titled as i on g.owner_role = i.role
left join months as m
    on g.metric_id = m.metric_id and g.slice_name = m.slice_name
    and g.slice_value = m.slice_value and m.place = 1
order by status_order, goal
