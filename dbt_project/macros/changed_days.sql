{# Incremental facts by day. The fact is compared with what it would be now, day by day, over a
   fingerprint of all columns of its contract; only days that differ are rebuilt (delete+insert on
   the day). A late correction of an old day differs like any new day does, and the result is the
   one a full refresh gives. `upstream` names the CTE that holds the whole fact, `day` its column of
   days, never null; the first column of the contract is the key. A day that is gone has no row to
   replace it: it comes as one row without a key, which the hook `delete_rows_without_key` takes
   out again. #}
{% macro changed_days_of(upstream, day='date_day') -%}
    {%- if is_incremental() and plumbline.has_contract_columns(this) -%}
    {%- set columns = model.columns.values() | list -%}
    , now_days as (
        {{ plumbline.day_fingerprints(upstream, day) }}
    ),

    then_days as (
        {{ plumbline.day_fingerprints(this, day) }}
    ),

    changed_days as (
        select
            coalesce(now_days.fact_day, then_days.fact_day) as fact_day,
            now_days.fact_day is null as is_gone
        from now_days
        full outer join then_days on now_days.fact_day = then_days.fact_day
        where
            now_days.fact_day is null
            or then_days.fact_day is null
            or now_days.row_count <> then_days.row_count
            or now_days.fingerprint <> then_days.fingerprint
    )

    select {{ upstream }}.*
    from {{ upstream }}
    inner join changed_days on {{ upstream }}.{{ day }} = changed_days.fact_day
    union all
    select
        {%- for column in columns %}
        {% if column.name == day %}fact_day as {{ day }}{% else %}cast(null as {{ column.data_type }}) as {{ column.name }}{% endif %}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from changed_days
    where is_gone
    {%- else -%}
    select * from {{ upstream }}
    {%- endif -%}
{%- endmacro %}

{% macro day_fingerprints(relation, day) -%}
        select
            {{ day }} as fact_day,
            count(*) as row_count,
            {{ plumbline.fingerprint(model.columns.keys() | list) }} as fingerprint
        from {{ relation }}
        group by {{ day }}
{%- endmacro %}

{# A hook after the model. #}
{% macro delete_rows_without_key() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where {{ model.columns.keys() | first }} is null
    {%- endif -%}
{%- endmacro %}

{# A hook before the model: a column that left the contract leaves the table, as a full refresh would
   have it. (New columns come by on_schema_change; a column that changes its type wants --full-refresh.) #}
{% macro drop_columns_outside_contract() -%}
    {%- if is_incremental() -%}
    {%- for column in adapter.get_columns_in_relation(this) if column.name | lower not in model.columns.keys() | map('lower') -%}
    {%- do run_query('alter table ' ~ this ~ ' drop column ' ~ adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# Whether the built table has every column of the contract; without one of them every day differs. #}
{% macro has_contract_columns(relation) -%}
    {%- set built = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {{ return(model.columns.keys() | map('lower') | reject('in', built) | list | length == 0) }}
{%- endmacro %}

{# One number over many rows that changes when a value in them changes, whatever their order. #}
{% macro fingerprint(columns) -%}
    {{ return(adapter.dispatch('fingerprint', 'plumbline')(columns)) }}
{%- endmacro %}

{% macro default__fingerprint(columns) -%}
    sum(cast(hash({{ columns | join(', ') }}) as hugeint))
{%- endmacro %}

{% macro postgres__fingerprint(columns) -%}
    sum(cast(hashtextextended({{ plumbline.surrogate_key(columns) }}, 0) as numeric))
{%- endmacro %}

{% macro spark__fingerprint(columns) -%}
    sum(cast(xxhash64({{ plumbline.surrogate_key(columns) }}) as decimal(38, 0)))
{%- endmacro %}
