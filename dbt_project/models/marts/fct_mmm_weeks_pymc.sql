{# PyMC-Marketing: one row a date and geo; spend under the channel's own name, as channel_columns. `y`, its own name
   for the target, is revenue; any other outcome is one by target_column. It scales channels and target itself, but
   no control: `t` is scaled here. #}
{{ config(alias='mmm_weeks_pymc') }}
with {{ exported_weeks() }}

select
    {{ surrogate_key(['geography', 'week_start_date']) }} as mmm_week_key,
    week_start_date as date_week,
    geography as geo,
    revenue_reporting as y,
    orders,
    leads_created,
    leads_qualified,
    {{ safe_divide(
        days_between('min(week_start_date) over ()', 'week_start_date'),
        days_between('min(week_start_date) over ()', 'max(week_start_date) over ()')
    ) }} as t,
    {%- for channel in mix_channels() %}
    spend_{{ channel }} as {{ channel }},
    {%- endfor %}
    impressions_organic_social as organic_social,
    impressions_employee_advocacy as employee_advocacy,
    media_clips as pr
from exported
