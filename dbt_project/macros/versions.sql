{# A feed is a log of versions: the rows of `relation` that hold now, one per _row_key. Use in `from`.
   Few rows have a second version, so only those are put in order; all others pass as they are. #}
{% macro latest_version(relation) -%}
    (
        select versions.*
        from {{ relation }} as versions
        left join (
            select
                numbered._row_key,
                numbered._loaded_at,
                numbered._dlt_load_id,
                numbered._file_row
            from (
                select
                    several._row_key,
                    several._loaded_at,
                    several._dlt_load_id,
                    several._file_row,
                    row_number() over (
                        partition by several._row_key
                        order by several._loaded_at desc, several._dlt_load_id desc, several._file_row desc
                    ) as version_rank
                from {{ relation }} as several
                where several._row_key in (
                    select counted._row_key
                    from {{ relation }} as counted
                    group by counted._row_key
                    having count(*) > 1
                )
            ) as numbered
            where numbered.version_rank > 1
        ) as older
            on
                versions._row_key = older._row_key
                and versions._loaded_at = older._loaded_at
                and versions._dlt_load_id = older._dlt_load_id
                and versions._file_row = older._file_row
        where older._row_key is null
    ) as latest
{%- endmacro %}

{# A CTE `<table>_versions`: every version of a feed's row with the values of the version before.
   label: columns that say which row it is (never a person); event: its date or timestamp. #}
{% macro version_pairs(source_name, table_name, label, event, columns) -%}
    {{ table_name }}_versions as (
        select
            versions._row_key as row_key,
            {% for part in label -%}
            coalesce(cast(versions.{{ part }} as {{ plumbline.sql_type('text') }}), '-')
            {%- if not loop.last %} || ' ' || {% endif -%}
            {%- endfor %} as row_label,
            cast(versions.{{ event }} as date) as event_date,
            {%- for column in columns %}
            versions.{{ column }},
            lag(versions.{{ column }}) over ({{ plumbline.versions_in_order() }}) as {{ column }}_before,
            count(versions.{{ column }}) over ({{ plumbline.versions_in_order() }}) as {{ column }}_said,
            {%- endfor %}
            lag(versions._loaded_at) over ({{ plumbline.versions_in_order() }}) as said_at,
            versions._loaded_at as corrected_at,
            row_number() over ({{ plumbline.versions_in_order() }}) as version_number
        from {{ source(source_name, table_name) }} as versions
    )
{%- endmacro %}

{# The changes in a CTE of `version_pairs`: one row per row, column and version that changed a value.
   A number that is said for the first time corrects nothing: another export may know it, or know it later. #}
{% macro restated(table_name, columns) -%}
    {%- for column in columns %}
    select
        '{{ table_name }}' as table_name,
        row_key,
        row_label,
        event_date,
        '{{ column }}' as column_name,
        cast({{ column }}_before as {{ plumbline.sql_type('text') }}) as value_before,
        cast({{ column }} as {{ plumbline.sql_type('text') }}) as value_after,
        said_at,
        corrected_at,
        version_number
    from {{ table_name }}_versions
    where
        version_number > 1
        and {{ column }}_before is distinct from {{ column }}
        and {{ column }}_said > case when {{ column }} is null then 0 else 1 end
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# The order of versions is that of latest_version, the other way round. #}
{% macro versions_in_order() -%}
    partition by versions._row_key
    order by versions._loaded_at, versions._dlt_load_id, versions._file_row
{%- endmacro %}
