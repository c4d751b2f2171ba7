{# An amount is converted at the rate of the day it was won or lost, of an open deal at that of the day it was
   opened. #}
select
    {{ surrogate_key(['deals.deal_id']) }} as deal_key,
    deals.deal_id,
    deals.source_system as deal_system,
    companies.company_id,
    contacts.contact_id,
    teams.team_group as sales_team,
    deals.pipeline,
    deals.stage,
    deals.outcome,
    deals.outcome in ('won', 'lost') as is_closed,
    deals.outcome = 'won' as is_won,
    deals.amount,
    deals.currency,
    {{ at_rate('deals.amount', 'rates.fx_rate') }} as amount_reporting,
    rates.fx_rate,
    rates.fx_rate_date,
    deals.created_date,
    deals.closed_date,
    case
        when deals.outcome = 'won' and deals.closed_date >= deals.created_date
            then {{ days_between('deals.created_date', 'deals.closed_date') }}
    end as sales_cycle_days,
    deals.product,
    campaigns.campaign_id,
    deals.first_source,
    deals.loss_reason
from {{ ref('int_deals_unioned') }} as deals
left join {{ ref('int_companies_resolved') }} as companies
    on deals.company_reference = companies.company_reference
left join {{ ref('int_contacts_resolved') }} as contacts on deals.contact_reference = contacts.contact_reference
left join {{ ref('int_campaigns_resolved') }} as campaigns on deals.campaign_text = campaigns.campaign_text
left join {{ ref('int_teams_grouped') }} as teams on teams.work = 'deals' and deals.sales_team = teams.team
left join {{ ref('int_fx_rates_filled') }} as rates
    on
        deals.currency = rates.currency
        and coalesce(deals.closed_date, deals.created_date) = rates.date_day
