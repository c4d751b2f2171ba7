{# The tool register, with whether the source that a tool names is read here, and what it cost at the rate of
   the month's last day (of as_of in its month). #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

read_sources as (
    select
        lower(source) as source,
        max(case when is_configured and status <> 'failed' then 1 else 0 end) as is_read
    from {{ ref('stg_ingest__sources') }}
    group by lower(source)
),

months as (
    select
        tools.*,
        lower(trim(tools.tool)) as tool_id,
        lower(trim(tools.capability)) as capability_id,
        lower(nullif(trim(tools.reported_source), '')) as source,
        {{ period_start('tools.month_start_date', 'month') }} as month_of,
        least(
            cast({{ dbt.last_day('tools.month_start_date', 'month') }} as date), organization.as_of
        ) as priced_on
    from {{ ref('stg_feeds__tools') }} as tools
    cross join organization
)

select
    months.tool_id,
    months.tool,
    months.month_of as month_start_date,
    months.capability_id as capability,
    months.vendor,
    months.owner_email_hash,
    months.owner_role,
    months.department,
    months.source,
    months.seats,
    months.seats_active,
    months.cost,
    months.currency,
    {{ at_rate('months.cost', 'rates.fx_rate') }} as cost_reporting,
    rates.fx_rate,
    rates.fx_rate_date,
    months.records,
    months.records_with_key,
    months.records_matched,
    coalesce(read_sources.is_read = 1, false) as is_connected
from months
left join read_sources on months.source = read_sources.source
left join {{ ref('int_fx_rates_filled') }} as rates
    on months.currency = rates.currency and months.priced_on = rates.date_day
