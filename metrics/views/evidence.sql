-- One row per channel, period, kind, outcome and source of evidence other than attribution: experiments, quasi-experiments, the mix model, codes and calls, what customers say. Kinds are ranked and never averaged with each other or with credit.
select
    d.channel_label as channel,
    case e.kind when 'experiment' then 'Experiment' when 'quasi_experiment' then 'Quasi-experiment'
        when 'mix_model' then 'Mix model' when 'direct_response' then 'Codes and calls'
        when 'self_report' then 'Said by customers' else e.kind end as kind,
    case e.kind when 'experiment' then 1 when 'quasi_experiment' then 2 when 'mix_model' then 3
        when 'direct_response' then 4 else 5 end as kind_rank,
    replace(e.outcome, '_', ' ') as outcome, e.period_start, e.period_end,
    e.estimate, e.low, e.high, e.n, e.unit as evidence_unit,
    case
        when e.unit like 'share%' then
            coalesce(said(e.estimate, 'percent', p.reporting_currency), 'unknown') || coalesce(
                ' (' || said(e.low, 'percent', p.reporting_currency) || ' to '
                || said(e.high, 'percent', p.reporting_currency) || ')', '')
        when e.estimate is null then 'at least ' || said(e.low,
            case e.unit when 'reporting currency' then 'money' else 'count' end,
            p.reporting_currency)
        else said(e.estimate, case e.unit when 'reporting currency' then 'money' else 'count' end,
            p.reporting_currency) || coalesce(
                ' (' || said(e.low, 'count', '') || ' to ' || said(e.high, 'count', '') || ')', '')
    end as says,
    e.covered_share as period_covered, e.verdict as standing, e.caveat, e.evidence_source
from metrics.evidence as e
join marts.dim_channels as d on e.channel_id = d.channel_id
cross join ops.publication as p
where e.kind <> 'attribution'
order by e.period_end desc, kind_rank, channel, outcome
