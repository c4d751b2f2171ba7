-- One row per month of the lead, channel and market: the steps of the funnel side by side, for rates between them. The same leads as in funnel_steps.
select
    period_start, channel, business_unit,
    cast(sum(case when step_order = 1 then leads end) as bigint) as leads,
    cast(sum(case when step_order = 2 then leads end) as bigint) as qualified_leads,
    cast(sum(case when step_order = 3 then leads end) as bigint) as opportunities,
    cast(sum(case when step_order = 4 then leads end) as bigint) as won_deals,
    sum(won_revenue) as won_revenue
from dashboards.funnel_steps
group by 1, 2, 3
order by 1, 2, 3
