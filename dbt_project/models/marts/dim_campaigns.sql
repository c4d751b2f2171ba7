{# The register repeats a campaign for each system; budget and days stand for the whole campaign. #}

with numbered as (
    select
        campaigns.*,
        row_number() over (
            partition by campaign_id
            order by case when budget is not null then 0 else 1 end, system, system_id
        ) as row_rank
    from {{ ref('stg_feeds__campaigns') }} as campaigns
),

spans as (
    select
        campaign_id,
        min(starts_on) as starts_on,
        max(ends_on) as ends_on,
        min(objective) as objective,
        min(owner_role) as owner_role
    from {{ ref('stg_feeds__campaigns') }}
    group by campaign_id
),

registered as (
    select
        numbered.campaign_id,
        numbered.campaign_name,
        coalesce(numbered.objective, spans.objective) as objective,
        spans.starts_on,
        spans.ends_on,
        {{ at_rate('numbered.budget', 'rates.fx_rate') }} as budget_reporting,
        coalesce(numbered.owner_role, spans.owner_role) as owner_role
    from numbered
    inner join spans on numbered.campaign_id = spans.campaign_id
    left join {{ ref('int_fx_rates_filled') }} as rates
        on numbered.currency = rates.currency and spans.starts_on = rates.date_day
    where numbered.row_rank = 1
),

all_campaigns as (
    select * from registered
    union all
    select
        campaign_id,
        campaign_id as campaign_name,
        {{ unknown('text') }} as objective,
        {{ unknown('date') }} as starts_on,
        {{ unknown('date') }} as ends_on,
        {{ unknown('money') }} as budget_reporting,
        {{ unknown('text') }} as owner_role
    from {{ ref('int_campaigns_resolved') }}
    where not is_registered
)

select
    {{ surrogate_key(['campaign_id']) }} as campaign_key,
    campaign_id,
    campaign_name,
    objective,
    starts_on,
    ends_on,
    budget_reporting,
    owner_role
from all_campaigns
