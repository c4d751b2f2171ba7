{# The type of one of our words (those of ingestion/specs.py) on the engine we run on. #}
{% macro sql_type(word) -%}
    {{ return(adapter.dispatch('sql_type', 'plumbline')(word)) }}
{%- endmacro %}

{% macro default__sql_type(word) -%}
    {%- set types = {
        'text': 'varchar', 'integer': 'bigint', 'number': 'double', 'money': 'decimal(18, 4)',
        'date': 'date', 'timestamp': 'timestamp', 'boolean': 'boolean',
    } -%}
    {%- if word not in types -%}
        {{ exceptions.raise_compiler_error("sql_type('" ~ word ~ "'): known are " ~ types.keys() | join(', ')) }}
    {%- endif -%}
    {{ return(types[word]) }}
{%- endmacro %}

{% macro postgres__sql_type(word) -%}
    {{ return({'number': 'double precision'}.get(word) or plumbline.default__sql_type(word)) }}
{%- endmacro %}

{% macro spark__sql_type(word) -%}
    {{ return({'text': 'string'}.get(word) or plumbline.default__sql_type(word)) }}
{%- endmacro %}

{# `expression` as one of our types; a value that does not fit is an error. #}
{% macro as_type(expression, word) -%}
    cast({{ expression }} as {{ plumbline.sql_type(word) }})
{%- endmacro %}

{# A typed null: what a source does not report. #}
{% macro unknown(word) -%}
    cast(null as {{ plumbline.sql_type(word) }})
{%- endmacro %}

{# `expression` as one of our types; a value that does not fit is null. #}
{% macro try_to(expression, word) -%}
    {{ return(adapter.dispatch('try_to', 'plumbline')(expression, word)) }}
{%- endmacro %}

{% macro default__try_to(expression, word) -%}
    try_cast({{ expression }} as {{ plumbline.sql_type(word) }})
{%- endmacro %}

{% macro postgres__try_to(expression, word) -%}
    {%- set text = 'cast(' ~ expression ~ ' as varchar)' -%}
    {%- set patterns = {
        'integer': '^\s*[-+]?[0-9]{1,18}\s*$',
        'number': '^\s*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?\s*$',
        'money': '^\s*[-+]?([0-9]{1,14}[.]?[0-9]*|[.][0-9]+)\s*$',
        'date': '^\s*[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])',
        'timestamp': '^\s*[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])',
        'boolean': '^\s*(t|f|true|false|0|1)\s*$',
    } -%}
    {%- if word == 'text' -%}
        {{ text }}
    {%- elif word in ('date', 'timestamp') -%}
        {# The 29th to 31st exist in some months only: date arithmetic from the first says which. #}
        case
            when {{ text }} ~ '{{ patterns[word] }}' then cast({{ text }} as {{ plumbline.sql_type(word) }})
            when {{ text }} ~ '^\s*[0-9]{4}-(0[1-9]|1[0-2])-(29|30|31)'
                and cast(substr(trim({{ text }}), 9, 2) as integer) <= extract(day from (
                    cast(substr(trim({{ text }}), 1, 7) || '-01' as date) + interval '1 month - 1 day'))
                then cast({{ text }} as {{ plumbline.sql_type(word) }})
        end
    {%- else -%}
        case when {{ text }} ~ '{{ patterns[word] }}' then cast({{ text }} as {{ plumbline.sql_type(word) }}) end
    {%- endif -%}
{%- endmacro %}
