-- One row per channel, and one for what could not be traced, over the fiscal year to date: the range of revenue that three rules of attribution (first, last, linear touch) credit to it, and beside it what is known of cause, one kind a column, strongest first. Kinds are never averaged with each other or with credit.
with years as (
    select
        p.as_of, p.reporting_currency,
        make_date(year(p.as_of) - case when month(p.as_of) < p.fiscal_year_start_month then 1
            else 0 end, p.fiscal_year_start_month, 1) as starts_on
    from ops.publication as p
),
credits as (
    select
        -- a rule that has no row for a channel gives it nothing
        channel_id, case when count(*) < 3 then 0 else min(revenue) end as credit_low, max(revenue) as credit_high,
        string_agg(model || ' ' || said(revenue, 'money', reporting_currency), ', ' order by model)
            as credit_rules
    from (
        select
            split_part(v.slice_value, ': ', 1) as model,
            split_part(v.slice_value, ': ', 2) as channel_id, y.reporting_currency,
            sum(v.value) as revenue
        from metrics.metric_values as v
        join years as y on v.period_start between y.starts_on and y.as_of
        where v.metric_id = 'attributed_revenue' and v.slice_name = 'model_channel'
            and v.grain = 'month'
        group by 1, 2, 3
    )
    where model in ('first', 'last', 'linear')
    group by channel_id
),
proofs as (
    select
        e.channel_id, e.kind,
        case e.kind
            when 'experiment' then replace(e.outcome, '_', ' ') || ' '
                || signed(e.estimate, 'count', '') || coalesce(' ('
                || replace(said(e.low, 'count', '') || ' to ' || said(e.high, 'count', ''), '-', '−')
                || ')', '') || ', '
                || strftime(e.period_start, '%-d %b %Y') || ' to '
                || strftime(e.period_end, '%-d %b %Y')
            when 'self_report' then said(e.estimate, 'percent', '') || coalesce(' ('
                || said(e.low, 'percent', '') || ' to ' || said(e.high, 'percent', '') || ')', '')
                || ' of ' || format('{:,}', e.n) || ' answers in Q' || quarter(e.period_start)
                || ' ' || year(e.period_start)
                || case when e.outcome like '%decoy%' then ', a channel that never ran' else '' end
        end as says
    from metrics.evidence as e
    cross join years as y
    where e.estimate is not null and e.period_end <= y.as_of and (
        (e.kind = 'experiment' and e.unit not like 'share%'
            and e.period_end >= y.starts_on - interval 1 year)
        or (e.kind = 'self_report' and e.period_end >= y.starts_on - interval 1 year)
    )
    qualify row_number() over (
        partition by e.channel_id, e.kind, e.outcome order by e.period_end desc, e.run_id is null
    ) = 1
    union all
    select
        channel_id, 'direct_response',
        'at least ' || string_agg(
            case unit when 'reporting currency'
                then said(least_sum, 'money', reporting_currency) || ' in orders'
                else said(least_sum, 'count', '') || ' ' || unit end,
            ', ' order by outcome)
    from (
        select
            e.channel_id, e.outcome, e.unit, y.reporting_currency,
            sum(cast(coalesce(e.estimate, e.low) as double)) as least_sum
        from metrics.evidence as e
        join years as y on e.period_start >= y.starts_on and e.period_end <= y.as_of
        where e.kind = 'direct_response'
        group by 1, 2, 3, 4
    )
    where least_sum > 0
    group by channel_id
),
proved as (
    select
        channel_id,
        string_agg(case when kind = 'experiment' then says end, '; ' order by says) as experiment,
        string_agg(case when kind = 'direct_response' then says end, '; ' order by says)
            as codes_and_calls,
        string_agg(case when kind = 'self_report' then says end, '; ' order by says)
            as said_by_customers
    from proofs
    group by channel_id
),
owners as (
    select role, min(display_name) as display_name from marts.dim_owners
    where is_current group by role
)
select
    k.channel_id,
    case when k.channel_id = 'unattributed' then 'Not traced to any channel'
        else coalesce(d.channel_label, 'Unknown') end as channel,
    case when k.channel_id = 'unattributed' then ''
        else coalesce(upper(left(d.channel_class, 1)) || substr(d.channel_class, 2), 'Not known')
    end as channel_class,
    case when k.channel_id = 'unattributed' then ''
        else coalesce(o.display_name, 'nobody') end as owner,
    c.credit_low, c.credit_high,
    coalesce(case when c.credit_low = c.credit_high
            then said(c.credit_low, 'money', y.reporting_currency)
        else said(c.credit_low, 'money', y.reporting_currency) || ' to '
            || said(c.credit_high, 'money', y.reporting_currency) end
        || ' (' || c.credit_rules || ')', 'none traced')
        as credit_text,
    coalesce(v.experiment, case when k.channel_id <> 'unattributed' then 'none' else '' end)
        as experiment,
    coalesce(v.codes_and_calls, case when k.channel_id <> 'unattributed' then 'none' else '' end)
        as codes_and_calls,
    coalesce(v.said_by_customers, case when k.channel_id <> 'unattributed' then 'none' else '' end)
        as said_by_customers
from (select channel_id from credits union select channel_id from proved) as k
cross join years as y
left join marts.dim_channels as d on k.channel_id = d.channel_id
left join owners as o on d.owner_role = o.role
left join credits as c on k.channel_id = c.channel_id
left join proved as v on k.channel_id = v.channel_id
order by k.channel_id = 'unattributed', c.credit_high desc nulls last, 2
