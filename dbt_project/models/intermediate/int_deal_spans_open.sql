{# Stretches of days on which a deal was open in one stage, [open_from, open_to). Deals without a history, and
   the days before the first record of one, have a stage and a chance that nobody knows. #}
with organization as (
    select * from {{ ref('int_organization') }}
),

deals as (
    select
        deals.deal_id,
        deals.pipeline,
        deals.created_date,
        -- Closed on an unknown day: open until it entered the last stage that we know, or on no day.
        case
            when deals.outcome = 'open' then {{ add_days('organization.as_of', 1) }}
            else deals.closed_date
        end as open_to,
        {{ at_rate('deals.amount', 'rates.fx_rate') }} as amount_reporting
    from {{ ref('int_deals_unioned') }} as deals
    cross join organization
    -- As it was known while it was open: at the rate of the day it was opened.
    left join {{ ref('int_fx_rates_filled') }} as rates
        on deals.currency = rates.currency and deals.created_date = rates.date_day
),

stays as (
    select
        stages.deal_id,
        stages.probability,
        {{ to_local_date('stages.entered_at', 'organization.time_zone') }} as entered_date,
        lead({{ to_local_date('stages.entered_at', 'organization.time_zone') }}) over (
            partition by stages.deal_id order by stages.entered_at, stages.stage
        ) as next_date,
        row_number() over (partition by stages.deal_id order by stages.entered_at, stages.stage) as stay_number
    from {{ ref('int_deal_stages_unioned') }} as stages
    cross join organization
),

spans as (
    select
        deals.deal_id,
        deals.pipeline,
        deals.amount_reporting,
        stays.probability,
        greatest(stays.entered_date, deals.created_date) as open_from,
        least(coalesce(stays.next_date, deals.open_to), deals.open_to) as open_to
    from deals
    inner join stays on deals.deal_id = stays.deal_id
    union all
    select
        deals.deal_id,
        deals.pipeline,
        deals.amount_reporting,
        {{ unknown('number') }} as probability,
        deals.created_date as open_from,
        least(coalesce(stays.entered_date, deals.open_to), deals.open_to) as open_to
    from deals
    left join stays on deals.deal_id = stays.deal_id and stays.stay_number = 1
)

select
    deal_id,
    pipeline,
    amount_reporting,
    {{ at_rate('amount_reporting', 'probability') }} as weighted_amount_reporting,
    open_from,
    open_to
from spans
where open_from < open_to
