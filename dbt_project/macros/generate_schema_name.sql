{# Schemas are exactly staging, intermediate, marts and people: no prefix, one writer each. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
