-- The tools refuse a gap, and a null in a column that is not null throughout.
{%- set exports = {
    'fct_mmm_weeks_meridian': ('geo', 'time'), 'fct_mmm_weeks_pymc': ('geo', 'date_week'),
    'fct_mmm_weeks_robyn': ("'all'", '"DATE"'),
} %}
{%- for model, (place, week) in exports.items() %}
select
    '{{ model }}' as export,
    {{ place }} as place,
    'weeks are missing' as what,
    count(*) as found
from {{ ref(model) }}
group by {{ place }}
having count(*) * 7 <> {{ days_between('min(cast(' ~ week ~ ' as date))', 'max(cast(' ~ week ~ ' as date))') }} + 7
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{%- for name in mix_channels() + ['y', 'orders', 'leads_created', 'leads_qualified'] %}
union all
select
    'fct_mmm_weeks_pymc' as export,
    '{{ name }}' as place,
    'unknown in some weeks, not in all' as what,
    count(*) - count({{ name }}) as found
from {{ ref('fct_mmm_weeks_pymc') }}
having count({{ name }}) not in (0, count(*))
{%- endfor %}
