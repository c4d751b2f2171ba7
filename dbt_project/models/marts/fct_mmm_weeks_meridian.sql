{# Meridian 1.x-2.x, long: one row a geo and time (docs/evidence.md says how to map the columns). #}
{{ config(alias='mmm_weeks_meridian') }}
with {{ exported_weeks() }},

-- One price for the whole export: a week without a lead has none of its own.
prices as (
    select {{ safe_divide('sum(revenue_reporting)', 'sum(leads_created)') }} as revenue_per_conversion
    from exported
    where revenue_reporting is not null
)

select
    {{ surrogate_key(['exported.geography', 'exported.week_start_date']) }} as mmm_week_key,
    exported.geography as geo,
    {{ as_type('exported.week_start_date', 'text') }} as time,
    {{ as_type('exported.population', 'number') }} as population,
    {{ as_type('exported.leads_created', 'number') }} as conversions,
    {{ as_type('exported.orders', 'number') }} as orders,
    prices.revenue_per_conversion,
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
cross join prices
