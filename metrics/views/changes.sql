-- One row per metric that a goal is on or watches and quarter that its last complete one is held against (the one before, the same of the year before): the change, and its parts by the slice that tells most. Parts add up to the change exactly; they say where it happened, not why. Of a ratio, mix is a shift of weight between slices and rate a change inside one.
with wanted as (
    select metric_id, max(place) as is_goal
    from (
        select metric_id, 1 as place from metrics.dim_goals
        union all
        select unnest(string_split(leading_metrics, ', ')), 0 from metrics.dim_goals
    )
    group by metric_id
),
named as (
    select distinct slice_name, slice_value, slice_label from dashboards.metric_series
),
parts as (  -- accounts are left out: some are one person's
    select
        d.metric_id, d.period_from, d.period_to, d.slice_name, d.slice_value,
        d.slice_value in ('(in no slice)', '(not stated)', '(unknown)') as is_unplaced,
        sum(d.contribution) as contribution,
        sum(case when d.kind = 'mix' then d.contribution end) as mix,
        sum(case when d.kind = 'rate' then d.contribution end) as rate
    from metrics.metric_drivers as d
    join wanted as w on d.metric_id = w.metric_id
    where d.grain = 'quarter' and d.is_latest and d.slice_name <> 'account_id'
    group by all
),
telling as (  -- a slice of several values, most of the change placed, few of them, little unplaced
    select metric_id, slice_name
    from (
        select
            metric_id, slice_name,
            row_number() over (
                partition by metric_id
                order by values_placed < 2, unplaced > 0.3, values_all > 12, unplaced, slice_name
            ) as place
        from (
            select
                metric_id, slice_name, count(distinct slice_value) as values_all,
                count(distinct case when not is_unplaced then slice_value end) as values_placed,
                round(coalesce(sum(case when is_unplaced then abs(contribution) else 0 end)
                    / nullif(sum(abs(contribution)), 0), 0), 6) as unplaced
            from parts
            group by metric_id, slice_name
        )
    )
    where place = 1
),
ranked as (
    select
        p.*,
        case when p.is_unplaced then 'Not stated' else coalesce(n.slice_label, p.slice_value) end
            as part,
        row_number() over (
            partition by p.metric_id, p.period_from
            order by abs(p.contribution) desc, p.slice_value
        ) as place,
        count(*) over (partition by p.metric_id, p.period_from) as parts
    from parts as p
    join telling as t on p.metric_id = t.metric_id and p.slice_name = t.slice_name
    left join named as n on p.slice_name = n.slice_name and p.slice_value = n.slice_value
),
shortened as (  -- the six largest, and the others as one: they still add up
    select
        metric_id, period_from, period_to, slice_name, parts, least(place, 7) as place,
        case when place < 7 or parts = 7 then max(part)
            else count(*) || ' others' end as part,
        sum(contribution) as contribution, sum(mix) as mix, sum(rate) as rate
    from ranked
    group by metric_id, period_from, period_to, slice_name, parts, least(place, 7),
        case when place < 7 or parts = 7 then place end, place < 7 or parts = 7
),
told as (
    select
        s.metric_id, s.period_from, s.period_to, s.slice_name,
        max(case when s.contribution <> 0 then 1 else 0 end) as is_changed,
        max(s.parts) as parts, max(s.part) as only_part,
        string_agg(
            s.part || ' ' || signed(s.contribution, m.unit, p.reporting_currency) || coalesce(
                ' (mix ' || signed(s.mix, m.unit, p.reporting_currency) || ', rate '
                || signed(s.rate, m.unit, p.reporting_currency) || ')', ''),
            '; ' order by s.place, s.part
        ) as listed
    from shortened as s
    join metrics.dim_metrics as m on s.metric_id = m.metric_id
    cross join ops.publication as p
    group by s.metric_id, s.period_from, s.period_to, s.slice_name
)
select
    t.metric_id, m.label as metric, m.unit, w.is_goal = 1 as is_goal,
    'Q' || quarter(t.period_to) || ' ' || year(t.period_to) as quarter_name,
    'Q' || quarter(t.period_from) || ' ' || year(t.period_from) as compared_with,
    said(a.value, m.unit, p.reporting_currency) as value_text,
    said(b.value, m.unit, p.reporting_currency) as before_text,
    case
        when a.value = b.value then 'no change'
        when m.unit in ('percent', 'points', 'score', 'ratio') or b.value <= 0
            then signed(a.value - b.value, m.unit, p.reporting_currency)
        else signed(a.value - b.value, m.unit, p.reporting_currency) || ' ('
            || replace(changed(a.value, b.value, m.unit, p.reporting_currency), '-', '−') || ')'
    end as difference_text,
    replace(replace(t.slice_name, '_id', ''), '_', ' ') as slice_name,
    case
        when t.is_changed = 0 then 'Nothing changed in any part.'
        when t.parts = 1 then 'All of it in the only one: ' || t.only_part || '.'
        else t.listed
    end as parts,
    coalesce(m.owner_name, 'nobody') as owner, r.trust
from told as t
join metrics.dim_metrics as m on t.metric_id = m.metric_id
join wanted as w on t.metric_id = w.metric_id
cross join ops.publication as p
join metrics.metric_values as a
    on t.metric_id = a.metric_id and t.period_to = a.period_start
    and a.grain = 'quarter' and a.slice_name = 'all'
join metrics.metric_values as b
    on t.metric_id = b.metric_id and t.period_from = b.period_start
    and b.grain = 'quarter' and b.slice_name = 'all'
left join metrics.metric_trust as r on t.metric_id = r.metric_id
order by w.is_goal desc, m.label, t.period_from desc
