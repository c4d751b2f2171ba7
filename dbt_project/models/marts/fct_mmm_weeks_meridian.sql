{# Meridian 1.x-2.x, long: one row a geo and time (docs/evidence.md says how to map the columns). A conversion is an
   order, so that it times revenue_per_conversion is the revenue of the place and week. A lead has no such value: most
   orders never were one. #}
{{ config(alias='mmm_weeks_meridian') }}
with {{ exported_weeks() }},

-- Meridian refuses a gap: a place and week without an order, where it multiplies nothing, gets the average.
averages as (
    select {{ safe_divide('sum(revenue_reporting)', 'sum(orders)') }} as revenue_per_order
    from exported
)

select
    {{ surrogate_key(['exported.geography', 'exported.week_start_date']) }} as mmm_week_key,
    exported.geography as geo,
    {{ as_type('exported.week_start_date', 'text') }} as time,
    {{ as_type('exported.population', 'number') }} as population,
    exported.orders as conversions,
    case
        when exported.orders = 0 then averages.revenue_per_order
        else {{ safe_divide('exported.revenue_reporting', 'exported.orders') }}
    end as revenue_per_conversion,
    exported.revenue_reporting as revenue,
    exported.leads_created,
    exported.leads_qualified,
    {%- for channel in mix_channels() %}
    exported.spend_{{ channel }} as {{ channel }}_spend,
    {%- if channel in mix_exposures() %}
    exported.{{ mix_exposures()[channel] }}_{{ channel }} as {{ channel }}_
    {{- 'impression' if mix_exposures()[channel] == 'impressions' else 'delivery' }},
    {%- endif %}
    {%- endfor %}
    exported.impressions_organic_social as organic_social_impression,
    exported.impressions_employee_advocacy as organic_employee_advocacy_impression,
    exported.media_clips as organic_pr_clip
from exported
cross join averages
