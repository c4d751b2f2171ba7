{# A feed is a log of versions: the rows of `relation` that hold now, one per _row_key. Use in `from`. #}
{% macro latest_version(relation) -%}
    (
        select numbered.*
        from (
            select
                versions.*,
                row_number() over (
                    partition by versions._row_key
                    order by
                        versions._loaded_at desc,
                        versions._dlt_load_id desc,
                        versions._file_row desc,
                        versions._row_hash
                ) as version_rank
            from {{ relation }} as versions
        ) as numbered
        where numbered.version_rank = 1
    ) as latest
{%- endmacro %}

{# Every change of a number between two versions of a feed's row, one row per row, column and change.
   label: columns that say which row it is (never a person); event: its date or timestamp. #}
{% macro restated(source_name, table_name, label, event, columns) -%}
    select
        '{{ table_name }}' as table_name,
        changes.row_key,
        changes.row_label,
        changes.event_date,
        changes.column_name,
        changes.value_before,
        changes.value_after,
        changes.said_at,
        changes.corrected_at,
        changes.version_number
    from (
        {%- for column in columns %}
        select
            _row_key as row_key,
            row_label,
            event_date,
            '{{ column }}' as column_name,
            cast({{ column }}_before as {{ plumbline.sql_type('text') }}) as value_before,
            cast({{ column }} as {{ plumbline.sql_type('text') }}) as value_after,
            said_at,
            corrected_at,
            version_number
        from {{ table_name }}_versions
        where version_number > 1 and {{ column }}_before is distinct from {{ column }}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as changes
{%- endmacro %}

{# The CTE that `restated` reads: every version with the values of the one before. #}
{% macro version_pairs(source_name, table_name, label, event, columns) -%}
    {{ table_name }}_versions as (
        select
            versions._row_key,
            {% for part in label -%}
            coalesce(cast(versions.{{ part }} as {{ plumbline.sql_type('text') }}), '')
            {%- if not loop.last %} || ' ' || {% endif -%}
            {%- endfor %} as row_label,
            cast(versions.{{ event }} as date) as event_date,
            {%- for column in columns %}
            versions.{{ column }},
            lag(versions.{{ column }}) over ({{ _version_window() }}) as {{ column }}_before,
            {%- endfor %}
            lag(versions._loaded_at) over ({{ _version_window() }}) as said_at,
            versions._loaded_at as corrected_at,
            row_number() over ({{ _version_window() }}) as version_number
        from {{ source(source_name, table_name) }} as versions
    )
{%- endmacro %}

{% macro _version_window() -%}
    partition by versions._row_key
    order by versions._loaded_at, versions._dlt_load_id, versions._file_row, versions._row_hash desc
{%- endmacro %}
