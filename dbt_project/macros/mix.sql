{# The channels whose weeks a mix model reads, and the column of exposure of each where its source counts one. #}
{% macro mix_channels() -%}
    {{ return([
        'tv', 'radio', 'print', 'out_of_home', 'direct_mail', 'events', 'paid_social', 'paid_search', 'display',
        'email',
    ]) }}
{%- endmacro %}

{% macro mix_exposures() -%}
    {{ return({
        'tv': 'impressions', 'radio': 'impressions', 'print': 'impressions', 'out_of_home': 'impressions',
        'paid_social': 'impressions', 'paid_search': 'impressions', 'display': 'impressions',
        'direct_mail': 'deliveries', 'email': 'deliveries',
    }) }}
{%- endmacro %}

{# What a mix model explains: columns of mmm_weeks. #}
{% macro mix_outcomes() -%}
    {{ return(['leads_created', 'leads_qualified', 'orders', 'revenue_reporting']) }}
{%- endmacro %}

{# Everything of mmm_weeks that an export holds besides outcomes: paid channels' spend and exposure, then what is
   not paid for. #}
{% macro mix_series() -%}
    {%- set found = [] -%}
    {%- for channel in plumbline.mix_channels() -%}
        {%- do found.append('spend_' ~ channel) -%}
        {%- if channel in plumbline.mix_exposures() -%}
            {%- do found.append(plumbline.mix_exposures()[channel] ~ '_' ~ channel) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found + ['impressions_organic_social', 'impressions_employee_advocacy', 'media_clips']) }}
{%- endmacro %}

{# CTEs that end in `exported`: one row per place and week of the longest run of weeks (the last of equals) in
   which every outcome and series is known. One that is unknown in more than a fifth of the weeks of which any
   outcome is known is left out: null throughout, so that a tool refuses it and no run is cut by it. What is told for all
   places together is given to them by population, as Meridian does with national media. Where nothing is told by
   place, 'all' is the one place. #}
{% macro exported_weeks() -%}
{%- set series = plumbline.mix_series() -%}
{%- set outcomes = plumbline.mix_outcomes() -%}
parts as (
    select
        weeks.*,
        case
            when weeks.geography <> 'all' or max(case when weeks.geography <> 'all' then 1 else 0 end) over () = 0
                then 1
            else 0
        end as is_place
    from {{ ref('mmm_weeks') }} as weeks
),

named as (
    select
        weeks.*,
        populations.population,
        {{ plumbline.safe_divide(
            'populations.population', 'sum(populations.population) over (partition by weeks.week_start_date)'
        ) }} as population_share
    from parts as weeks
    left join {{ ref('geographies') }} as populations on weeks.geography = populations.geography
    where weeks.is_place = 1
),

whole as (
    select * from parts where is_place = 0
),

booked as (
    select
        {%- for name in series %}
        max(case when is_place = 1 and {{ name }} is not null then 1 else 0 end) as by_place_{{ name }},
        max(case when is_place = 0 and {{ name }} is not null then 1 else 0 end) as for_all_{{ name }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from parts
),

told as (
    select
        named.geography,
        named.population,
        named.week_start_date,
        {%- for name in outcomes %}
        {{ plumbline.as_type('named.' ~ name, 'number') }} as {{ name }},
        {%- endfor %}
        {%- for name in series %}
        case
            when booked.for_all_{{ name }} = 0 then {{ plumbline.as_type('named.' ~ name, 'number') }}
            when booked.by_place_{{ name }} = 0
                then {{ plumbline.as_type('whole.' ~ name, 'number') }} * named.population_share
            else {{ plumbline.as_type('named.' ~ name, 'number') }}
                + {{ plumbline.as_type('whole.' ~ name, 'number') }} * named.population_share
        end as {{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from named
    cross join booked
    left join whole on named.week_start_date = whole.week_start_date
),

missing as (
    select
        week_start_date,
        {%- for name in outcomes + series %}
        max(case when {{ name }} is null then 1 else 0 end) as {{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from told
    group by week_start_date
    having
        {%- for name in outcomes %}
        {% if not loop.first %}or {% endif %}count(*) = count({{ name }})
        {%- endfor %}
),

left_out as (
    select
        {%- for name in outcomes + series %}
        case when sum({{ name }}) > 0.2 * count(*) then 1 else 0 end as {{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from missing
),

complete as (
    select
        missing.week_start_date,
        {# Weeks in a row have one day in common when each is set back by its place. #}
        {{ plumbline.add_days('missing.week_start_date', '-7 * row_number() over (order by missing.week_start_date)') }}
            as run
    from missing
    cross join left_out
    where
        {%- for name in outcomes + series %}
        {% if not loop.first %}and {% endif %}(missing.{{ name }} = 0 or left_out.{{ name }} = 1)
        {%- endfor %}
),

runs as (
    select
        min(week_start_date) as first_week,
        max(week_start_date) as last_week,
        row_number() over (order by count(*) desc, max(week_start_date) desc) as place
    from complete
    group by run
),

exported as (
    select
        told.geography,
        told.population,
        told.week_start_date,
        {%- for name in outcomes + series %}
        case when left_out.{{ name }} = 0 then told.{{ name }} end as {{ name }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from told
    cross join left_out
    inner join runs on told.week_start_date between runs.first_week and runs.last_week and runs.place = 1
)
{%- endmacro %}
