{# md5 over the values of `columns`; null and empty text differ, and so do ('a','b') and ('ab',''). #}
{% macro surrogate_key(columns) -%}
    md5(
        {%- for column in columns %}
        coalesce(cast({{ column }} as {{ plumbline.sql_type('text') }}), '~null~')
        {%- if not loop.last %} || '|' ||{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{# The id of an account: the same for every source, with or without the @ before a handle; it says
   nothing of the person behind it. #}
{% macro account_id(network, account) -%}
    case when {{ account }} is not null
        then md5(lower(trim({{ network }})) || '|' || trim(leading '@' from lower(trim({{ account }})))) end
{%- endmacro %}
