{# Incremental facts by day. The fact is compared with what it would be now, day by day, over a
   fingerprint of all columns of its contract; only days that differ are rebuilt (delete+insert on
   `day`). A late correction of an old day differs like any new day does, and the result is the
   one a full refresh gives. `upstream` names the CTE that holds the whole fact. #}
{% macro changed_days_of(upstream, day='date_day') -%}
    select {{ upstream }}.*
    from {{ upstream }}
    {%- if is_incremental() and plumbline.has_contract_columns(this) %}
    inner join (
        select now_days.{{ day }}
        from (
            select
                {{ day }},
                count(*) as row_count,
                {{ plumbline.fingerprint(model.columns.keys() | list) }} as fingerprint
            from {{ upstream }}
            group by {{ day }}
        ) as now_days
        left join (
            select
                {{ day }},
                count(*) as row_count,
                {{ plumbline.fingerprint(model.columns.keys() | list) }} as fingerprint
            from {{ this }}
            group by {{ day }}
        ) as then_days
            on now_days.{{ day }} = then_days.{{ day }}
        where
            then_days.{{ day }} is null
            or now_days.row_count <> then_days.row_count
            or now_days.fingerprint <> then_days.fingerprint
    ) as changed_days
        on {{ upstream }}.{{ day }} = changed_days.{{ day }}
    {%- endif %}
{%- endmacro %}

{# A hook before the model: days that are gone upstream have no row to replace them. #}
{% macro delete_vanished_days(upstream, day='date_day') -%}
    {%- if is_incremental() -%}
    delete from {{ this }}
    where not exists (
        select 1 from {{ upstream }} as days where days.{{ day }} = {{ this }}.{{ day }}
    )
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
