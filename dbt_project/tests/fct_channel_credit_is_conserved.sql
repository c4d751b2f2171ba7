-- In every kind, window and model the channels and what is unattributed sum to the conversions that happened and,
-- to the last digit, to their revenue.
with handed_out as (
    select
        conversion_kind,
        window_kind,
        window_start_date,
        min(window_end_date) as window_end_date,
        model,
        sum(conversions) as conversions,
        sum(revenue_reporting) as revenue_reporting,
        sum(case when channel_id = 'unattributed' then 1 else 0 end) as unattributed_rows
    from {{ ref('fct_channel_credit') }}
    group by conversion_kind, window_kind, window_start_date, model
),

happened as (
    select
        handed_out.conversion_kind,
        handed_out.window_kind,
        handed_out.window_start_date,
        handed_out.model,
        count(*) as conversions,
        sum(conversions.revenue_reporting) as revenue_reporting
    from handed_out
    inner join ({{ conversions() }}) as conversions
        on
            handed_out.conversion_kind = conversions.conversion_kind
            and conversions.converted_date between handed_out.window_start_date and handed_out.window_end_date
    group by
        handed_out.conversion_kind, handed_out.window_kind, handed_out.window_start_date, handed_out.model
)

select
    handed_out.*,
    happened.conversions as happened_conversions,
    happened.revenue_reporting as happened_revenue
from handed_out
left join happened
    on
        handed_out.conversion_kind = happened.conversion_kind
        and handed_out.window_kind = happened.window_kind
        and handed_out.window_start_date = happened.window_start_date
        and handed_out.model = happened.model
where
    happened.conversions is null
    or abs(handed_out.conversions - happened.conversions) > 0.000001
    or handed_out.revenue_reporting is distinct from happened.revenue_reporting
    or handed_out.unattributed_rows <> 1
