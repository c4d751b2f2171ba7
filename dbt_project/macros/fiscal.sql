{# The fiscal quarter and year of calendar periods (`start`: a column of dim_dates). A fiscal period is told only
   where it is made of whole ones, so that none is a quarter of two months. #}
{% macro fiscal_periods_of(start) %}
with spans as (
    select
        {{ start }},
        min(fiscal_quarter_start_date) as first_quarter,
        max(fiscal_quarter_start_date) as last_quarter,
        min(fiscal_year_start_date) as first_year,
        max(fiscal_year_start_date) as last_year
    from {{ ref('dim_dates') }}
    group by {{ start }}
),

cut as (
    select first_quarter as quarter_start, cast(null as date) as year_start from spans where first_quarter < last_quarter
    union all
    select last_quarter, null from spans where first_quarter < last_quarter
    union all
    select null, first_year from spans where first_year < last_year
    union all
    select null, last_year from spans where first_year < last_year
),

whole as (
    select
        spans.{{ start }},
        case when quarters.quarter_start is null then spans.first_quarter end as fiscal_quarter_start_date,
        case when years.year_start is null then spans.first_year end as fiscal_year_start_date
    from spans
    left join (select distinct quarter_start from cut) as quarters on spans.first_quarter = quarters.quarter_start
    left join (select distinct year_start from cut) as years on spans.first_year = years.year_start
)

select
    {{ surrogate_key([start]) }} as {{ start | replace('start_date', 'key') }},
    {{ start }},
    fiscal_quarter_start_date,
    fiscal_year_start_date
from whole
{% endmacro %}
