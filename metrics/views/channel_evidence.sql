-- One row per channel, and one for what could not be traced, over the organization's fiscal year to date (months that begin in it): the range of revenue that three rules of attribution (first, last, linear touch) credit to it, and beside it what is known of cause, one kind a column, strongest first. Every test that ended in this fiscal year or the one before is shown, as we estimate it and, where that differs, as its tool reported it; what other spend makes wrong by more than a tenth is unknown: contaminated, and what we cannot estimate ourselves unknown: not checked. The mix model is shown for the last calendar year that it knows anything of. Kinds are never averaged with each other or with credit.
with years as (
    select p.as_of, p.reporting_currency, d.fiscal_year_start_date as starts_on
    from ops.publication as p
    join marts.dim_dates as d on d.date_day = p.as_of
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
tests as (
    select
        t.channel_id, t.kind, t.experiment_id, t.outcome, t.starts_on, t.ends_on, t.verdict,
        t.misstated_low, t.misstated_high,
        abs(t.reported_incremental - t.incremental) <= 0.01 * abs(t.incremental) as is_alike,
        signed(t.incremental, 'count', '') || ' (' || said(t.incremental_low, 'count', '')
            || ' to ' || said(t.incremental_high, 'count', '') || ')' as ours,
        signed(t.reported_incremental, 'count', '') || coalesce(' ('
            || said(t.reported_low, 'count', '') || ' to ' || said(t.reported_high, 'count', '')
            || ')', '') as theirs
    from metrics.experiment_estimates as t
    cross join years as y
    where t.ends_on between y.starts_on - interval 1 year and y.as_of
),
proofs as (
    select
        channel_id, kind,
        replace(outcome, '_', ' ') || ' ' || replace(case
            when ours is null then theirs || ' by its tool'
            when is_alike then ours
            else ours || coalesce(', by its tool ' || theirs, '') end, '-', '−')
        || ', ' || strftime(starts_on, '%-d %b %Y') || ' to ' || strftime(ends_on, '%-d %b %Y')
        || case when verdict like 'unknown%' then '; ' || verdict || coalesce(
                format(', {:.2f} to {:.2f} times the effect', misstated_low, misstated_high), '')
            when verdict <> 'stands' then '; ' || replace(verdict, 'stands, ', '') else '' end
            as says
    from tests
    where coalesce(ours, theirs) is not null
    union all
    select
        e.channel_id, e.kind,
        said(e.estimate, 'percent', '') || coalesce(' (' || said(e.low, 'percent', '') || ' to '
            || said(e.high, 'percent', '') || ')', '') || ' of ' || format('{:,}', e.n)
        || ' answers in Q' || quarter(e.period_start) || ' ' || year(e.period_start)
        || case when e.covered_share < 1 then format(', {:.0f} % of its days known',
            floor(100 * e.covered_share)) else '' end
        || case when e.outcome like '%decoy%' then ', a channel that never ran' else '' end
    from metrics.evidence as e
    cross join years as y
    where e.kind = 'self_report' and e.estimate is not null
        and e.outcome not like 'qualified leads%'
        and e.period_end between y.starts_on - interval 1 year and y.as_of
    qualify row_number() over (
        partition by e.channel_id, e.kind, e.outcome order by e.period_end desc
    ) = 1
    union all
    select
        channel_id, 'direct_response',
        'at least ' || string_agg(
            case unit when 'reporting currency'
                then said(least_sum, 'money', reporting_currency) || ' in orders with a code'
                else said(least_sum, 'count', '') || ' ' || outcome end,
            ', ' order by outcome)
    from (
        select
            e.channel_id, e.outcome, e.unit, y.reporting_currency,
            sum(cast(coalesce(e.estimate, e.low) as double)) as least_sum
        from metrics.evidence as e
        join years as y on e.period_start >= y.starts_on and e.period_end <= y.as_of
        where e.kind = 'direct_response' and e.unit not like 'share%'
            and e.unit <> 'qualified leads' -- counted as leads already
        group by 1, 2, 3, 4
    )
    where least_sum > 0
    group by channel_id
),
modelled as (
    select
        m.channel_id, 'mix_model' as kind,
        case m.outcome when 'revenue_reporting' then 'order revenue '
            else replace(m.outcome, '_', ' ') || ' ' end
        || replace(signed(m.caused_mid, u.unit, y.reporting_currency), '-', '−')
        || ' (' || said(m.caused_low, u.unit, y.reporting_currency) || ' to '
        || said(m.caused_high, u.unit, y.reporting_currency) || '), '
        || strftime(greatest(m.period_start, r.first_week), '%-d %b %Y') || ' to '
        || strftime(least(m.period_end, r.last_week + 6), '%-d %b %Y')
        || case when m.verdict like 'unknown%' then '; ' || m.verdict else '' end as says
    from metrics.mix_model_estimates as m
    join metrics.mix_model_runs as r using (outcome)
    join (values ('revenue_reporting', 'money'), ('leads_qualified', 'count')) as u(outcome, unit)
        using (outcome)
    cross join years as y
    where m.grain = 'year' and m.status = 'estimated'
        and least(m.period_end, r.last_week) >= y.starts_on - interval 1 year
    qualify row_number() over (
        partition by m.channel_id, m.outcome order by m.period_start desc
    ) = 1
),
proved as (
    select
        channel_id,
        string_agg(case when kind = 'experiment' then says end, '; ' order by says) as experiment,
        string_agg(case when kind = 'quasi_experiment' then says end, '; ' order by says)
            as quasi_experiment,
        string_agg(case when kind = 'mix_model' then says end, '; ' order by says desc)
            as mix_model,
        string_agg(case when kind = 'direct_response' then says end, '; ' order by says)
            as codes_and_calls,
        string_agg(case when kind = 'self_report' then says end, '; ' order by says)
            as said_by_customers
    from (select * from proofs union all select * from modelled)
    group by channel_id
),
owners as (
    select
        role, min(display_name) || case when min(owner_status) = 'active' then ''
            else ' (' || coalesce(min(owner_status), 'unverified') || ')' end as display_name
    from marts.dim_owners
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
    coalesce(v.quasi_experiment, case when k.channel_id <> 'unattributed' then 'none' else '' end)
        as quasi_experiment,
    coalesce(v.mix_model, case when k.channel_id <> 'unattributed' then 'none' else '' end)
        as mix_model,
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
