{# A UTC timestamp as the wall clock of a time zone shows it. An unknown zone must be null: see known_time_zone. #}
{% macro to_local_timestamp(utc, time_zone) -%}
    {{ return(adapter.dispatch('to_local_timestamp', 'plumbline')(utc, time_zone)) }}
{%- endmacro %}

{% macro default__to_local_timestamp(utc, time_zone) -%}
    cast(timezone({{ time_zone }}, timezone('UTC', {{ utc }})) as timestamp)
{%- endmacro %}

{% macro spark__to_local_timestamp(utc, time_zone) -%}
    from_utc_timestamp({{ utc }}, {{ time_zone }})
{%- endmacro %}

{# The day in a time zone of a UTC timestamp, with daylight saving. #}
{% macro to_local_date(utc, time_zone) -%}
    cast({{ plumbline.to_local_timestamp(utc, time_zone) }} as date)
{%- endmacro %}

{# The zone if the engine knows it, else null: one typing error in a register must not stop a build. #}
{% macro known_time_zone(time_zone) -%}
    {{ return(adapter.dispatch('known_time_zone', 'plumbline')(time_zone)) }}
{%- endmacro %}

{% macro default__known_time_zone(time_zone) -%}
    case when {{ time_zone }} in (select zones.name from pg_timezone_names() as zones) then {{ time_zone }} end
{%- endmacro %}

{% macro postgres__known_time_zone(time_zone) -%}
    case when {{ time_zone }} in (select zones.name from pg_timezone_names as zones) then {{ time_zone }} end
{%- endmacro %}

{% macro spark__known_time_zone(time_zone) -%}
    case when {{ time_zone }} rlike '^(UTC|GMT|[A-Z][A-Za-z]+/[A-Z][A-Za-z_/-]+)$' then {{ time_zone }} end
{%- endmacro %}

{# `date` and a number of days, a date. #}
{% macro add_days(date, days) -%}
    {{ return(adapter.dispatch('add_days', 'plumbline')(date, days)) }}
{%- endmacro %}

{% macro default__add_days(date, days) -%}
    (cast({{ date }} as date) + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(date, days) -%}
    date_add(cast({{ date }} as date), cast({{ days }} as integer))
{%- endmacro %}

{# Whole days from one date to another, an integer. #}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between', 'plumbline')(first, last)) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    cast(cast({{ last }} as date) - cast({{ first }} as date) as bigint)
{%- endmacro %}

{% macro spark__days_between(first, last) -%}
    cast(datediff(cast({{ last }} as date), cast({{ first }} as date)) as bigint)
{%- endmacro %}

{# Seconds from one timestamp to another, a double; null when either is. #}
{% macro seconds_between(first, last) -%}
    {{ return(adapter.dispatch('seconds_between', 'plumbline')(first, last)) }}
{%- endmacro %}

{% macro default__seconds_between(first, last) -%}
    cast(extract(epoch from {{ last }}) - extract(epoch from {{ first }}) as {{ plumbline.sql_type('number') }})
{%- endmacro %}

{% macro spark__seconds_between(first, last) -%}
    cast(unix_micros({{ last }}) - unix_micros({{ first }}) as double) / 1000000
{%- endmacro %}

{# The first day of the period of a date: 'week' begins on Monday. #}
{% macro period_start(date, period) -%}
    cast(date_trunc('{{ period }}', {{ date }}) as date)
{%- endmacro %}

{# A select of the numbers 0 .. 10^digits - 1 as `n`. Use in brackets in `from`. #}
{% macro numbers(digits) -%}
    select
        {%- for place in range(digits) %}
        d{{ place }}.n * {{ 10 ** place }}{% if not loop.last %} +{% endif %}
        {%- endfor %} as n
    from
        {%- for place in range(digits) %}
        {% if not loop.first %}cross join {% endif -%}
        (
            {%- for digit in range(10) %}select {{ digit }} as n{% if not loop.last %} union all {% endif %}{% endfor -%}
        ) as d{{ place }}
        {%- endfor %}
{%- endmacro %}

{# A select of every day number from 0 of a stretch of `days` days, for stretches up to `longest`:
   joined on equality of days, which engines do by hashing. Use in brackets in `from`. #}
{% macro days_of_stretches(longest) -%}
    select
        lengths.n as days,
        day_numbers.n as day_number
    from ({{ plumbline.numbers((longest + 1) | string | length) }}) as lengths
    inner join ({{ plumbline.numbers(longest | string | length) }}) as day_numbers
        on day_numbers.n < lengths.n
    where lengths.n <= {{ longest }}
{%- endmacro %}

{# The last known value of `expression` in the rows before this one; null when there is none. #}
{% macro last_known(expression, partition_by, order_by) -%}
    {{ return(adapter.dispatch('last_known', 'plumbline')(expression, partition_by, order_by)) }}
{%- endmacro %}

{% macro default__last_known(expression, partition_by, order_by) -%}
    last_value({{ expression }} ignore nulls) over (
        partition by {{ partition_by }} order by {{ order_by }}
        rows between unbounded preceding and 1 preceding
    )
{%- endmacro %}

{% macro postgres__last_known(expression, partition_by, order_by) -%}
    {%- set known -%}
        array_remove(array_agg({{ expression }}) over (
            partition by {{ partition_by }} order by {{ order_by }}
            rows between unbounded preceding and 1 preceding
        ), null)
    {%- endset -%}
    ({{ known }})[cardinality({{ known }})]
{%- endmacro %}

{% macro spark__last_known(expression, partition_by, order_by) -%}
    last({{ expression }}, true) over (
        partition by {{ partition_by }} order by {{ order_by }}
        rows between unbounded preceding and 1 preceding
    )
{%- endmacro %}

{# Minutes after midnight of a text HH:MM; null when it is not one. #}
{% macro minutes_of_day(clock) -%}
    (
        {{ plumbline.try_to("substr(" ~ clock ~ ", 1, 2)", 'integer') }} * 60
        + {{ plumbline.try_to("substr(" ~ clock ~ ", 4, 2)", 'integer') }}
    )
{%- endmacro %}
