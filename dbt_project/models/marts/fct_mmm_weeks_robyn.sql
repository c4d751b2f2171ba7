{# Robyn: one row a date, no panel, so all places together. Its own data's dependent variable is `revenue`. #}
{{ config(alias='mmm_weeks_robyn') }}
with {{ exported_weeks() }}

select
    {{ surrogate_key(['week_start_date']) }} as mmm_week_key,
    {{ as_type('week_start_date', 'text') }} as "DATE",
    {{ sum_number('revenue_reporting') }} as revenue,
    {{ sum_number('orders') }} as orders,
    {{ sum_number('leads_created') }} as leads_created,
    {{ sum_number('leads_qualified') }} as leads_qualified,
    {%- for channel in mix_channels() %}
    {{ sum_number('spend_' ~ channel) }} as "{{ channel }}_S",
    {%- if channel in mix_exposures() %}
    {{ sum_number(mix_exposures()[channel] ~ '_' ~ channel) }} as "{{ channel }}_
    {{- 'I' if mix_exposures()[channel] == 'impressions' else 'D' }}",
    {%- endif %}
    {%- endfor %}
    {{ sum_number('impressions_organic_social') }} as organic_social,
    {{ sum_number('impressions_employee_advocacy') }} as employee_advocacy,
    {{ sum_number('media_clips') }} as media_clips
from exported
group by week_start_date
