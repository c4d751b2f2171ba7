{# A ratio as a double; null when the denominator is null or 0. #}
{% macro safe_divide(numerator, denominator) -%}
    (cast({{ numerator }} as {{ plumbline.sql_type('number') }}) / nullif(cast({{ denominator }} as {{ plumbline.sql_type('number') }}), 0))
{%- endmacro %}

{# The known values' sum, null only when none is known. #}
{% macro sum_known(expressions) -%}
    case when coalesce({{ expressions | join(', ') }}) is not null then
        {%- for expression in expressions %}
        coalesce({{ expression }}, 0){% if not loop.last %} +{% endif %}
        {%- endfor %}
    end
{%- endmacro %}

{# The share of `total` that falls on day number `day` (from 0) of `days`, such that the days' shares
   sum to the total exactly: cumulative rounding. kind: integer, money or number. #}
{% macro share_of_day(total, day, days, kind) -%}
    {%- if kind == 'integer' -%}
        cast(
            floor(cast({{ total }} as {{ plumbline.sql_type('number') }}) * ({{ day }} + 1) / {{ days }})
            - floor(cast({{ total }} as {{ plumbline.sql_type('number') }}) * {{ day }} / {{ days }})
        as {{ plumbline.sql_type('integer') }})
    {%- elif kind == 'money' -%}
        (
            cast(cast({{ total }} as {{ plumbline.sql_type('number') }}) * ({{ day }} + 1) / {{ days }} as {{ plumbline.sql_type('money') }})
            - cast(cast({{ total }} as {{ plumbline.sql_type('number') }}) * {{ day }} / {{ days }} as {{ plumbline.sql_type('money') }})
        )
    {%- elif kind == 'number' -%}
        (cast({{ total }} as {{ plumbline.sql_type('number') }}) / {{ days }})
    {%- else -%}
        {{ exceptions.raise_compiler_error("share_of_day(): kind is integer, money or number, not " ~ kind) }}
    {%- endif -%}
{%- endmacro %}

{# An amount at a rate, in the reporting currency; null when the rate is missing (never 1). Decimals all
   the way: half a ten-thousandth rounds up on every engine. #}
{% macro at_rate(amount, rate) -%}
    cast({{ plumbline.as_type(amount, 'money') }} * cast({{ rate }} as decimal(20, 12)) as {{ plumbline.sql_type('money') }})
{%- endmacro %}

{# A sum of doubles that does not depend on the order in which threads add them. #}
{% macro sum_number(expression) -%}
    cast(sum(cast({{ expression }} as decimal(28, 8))) as {{ plumbline.sql_type('number') }})
{%- endmacro %}

{# The ends of the 95 % interval of a share of `hits` in `n` (Wilson 1927); null when n is 0. It stays
   within 0 and 1 and is honest for small n, where the usual interval is not. end: '-' or '+'. #}
{% macro wilson(hits, n, end) -%}
    {%- set share -%} (cast({{ hits }} as {{ plumbline.sql_type('number') }}) / nullif({{ n }}, 0)) {%- endset -%}
    {%- set z2 = 1.959963984540054 ** 2 -%}
    (
        (
            {{ share }} + {{ z2 / 2 }} / nullif({{ n }}, 0)
            {{ end }} 1.959963984540054 * sqrt(
                {{ share }} * (1 - {{ share }}) / nullif({{ n }}, 0) + {{ z2 / 4 }} / nullif({{ n }} * {{ n }}, 0)
            )
        ) / (1 + {{ z2 }} / nullif({{ n }}, 0))
    )
{%- endmacro %}

{# A number to `digits` places, as a double; engines agree on rounding exact numbers only. #}
{% macro rounded(expression, digits) -%}
    cast(round(cast({{ expression }} as decimal(28, 10)), {{ digits }}) as {{ plumbline.sql_type('number') }})
{%- endmacro %}
