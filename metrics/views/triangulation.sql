-- One row per channel, quarter, outcome and test (one without, where there was none) on which a test, the mix model or credit speaks, with every kind of evidence beside each other. Nothing is averaged; experiment and mix model agree when their 90 % intervals over the same places and days overlap. What other spend spoils, or the prior alone decides, agrees and conflicts with nothing.
with units as (
    select t.*, case t.outcome when 'revenue_reporting' then 'money' else 'count' end as unit,
        case t.outcome when 'revenue_reporting' then 'order revenue' when 'deals_won' then 'won deals'
            else replace(t.outcome, '_', ' ') end as outcome_label
    from metrics.channel_triangulation as t
    where t.experiment_estimate is not null or t.reported_estimate is not null
        or t.mix_mid is not null or t.credit_high is not null
)
select
    u.quarter_start as period_start, d.channel_label as channel, u.outcome_label as outcome,
    u.experiment_id as test_id,
    case when u.experiment_estimate is not null then
        said(u.experiment_estimate, u.unit, p.reporting_currency) || ' ('
        || said(u.experiment_low, u.unit, p.reporting_currency) || ' to '
        || said(u.experiment_high, u.unit, p.reporting_currency) || ', '
        || replace(u.experiment_kind, '_', '-') || ')'
        || coalesce('; by its tool ' || said(u.reported_estimate, u.unit, p.reporting_currency)
            || coalesce(' (' || said(u.reported_low, u.unit, p.reporting_currency) || ' to '
                || said(u.reported_high, u.unit, p.reporting_currency) || ')', ''), '')
        || case when u.experiment_verdict <> 'stands' then '; ' || u.experiment_verdict else '' end
    when u.reported_estimate is not null then
        said(u.reported_estimate, u.unit, p.reporting_currency)
        || coalesce(' (' || said(u.reported_low, u.unit, p.reporting_currency) || ' to '
            || said(u.reported_high, u.unit, p.reporting_currency) || ')', '')
        || ' by the tool of the ' || replace(u.experiment_kind, '_', '-') || '; '
        || u.experiment_verdict
    end as test_says,
    u.misstated_low, u.misstated_high,
    case when u.mix_in_test_mid is not null then
        said(u.mix_in_test_mid, u.unit, p.reporting_currency) || ' ('
        || said(u.mix_in_test_low, u.unit, p.reporting_currency) || ' to '
        || said(u.mix_in_test_high, u.unit, p.reporting_currency) || ')' end as mix_on_test_says,
    case when u.mix_mid is not null then
        said(u.mix_mid, u.unit, p.reporting_currency) || ' ('
        || said(u.mix_low, u.unit, p.reporting_currency) || ' to '
        || said(u.mix_high, u.unit, p.reporting_currency) || ')'
        || case when u.is_mix_silent then '; unknown: prior' else '' end end as mix_says,
    u.mix_covered_share,
    case when u.at_least is not null then 'at least ' || concat_ws(', ',
        said(u.codes_at_least, u.unit, p.reporting_currency) || ' by codes',
        said(u.vanity_at_least, u.unit, p.reporting_currency) || ' by vanity addresses',
        said(u.calls_at_least, u.unit, p.reporting_currency) || ' by tracked calls')
    end as marks_say,
    said(u.said_share, 'percent', p.reporting_currency) || coalesce(
        ', decoy ' || said(u.decoy_share, 'percent', p.reporting_currency), '') as customers_say,
    said(u.credit_low, 'percent', p.reporting_currency) || ' to '
        || said(u.credit_high, 'percent', p.reporting_currency) as credit_says,
    u.verdict as agreement, u.verdict_reason as agreement_reason
from units as u
join marts.dim_channels as d on u.channel_id = d.channel_id
cross join ops.publication as p
order by u.quarter_start desc, channel, outcome, test_id
