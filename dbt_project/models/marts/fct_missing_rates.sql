{# Money that is not in the reporting amounts, because nobody said its currency or its rate. #}
{%- set facts = [
    ('fct_channel_days', 'date_day', 'spend', 'spend_reporting'),
    ('fct_deals', 'coalesce(closed_date, created_date)', 'amount', 'amount_reporting'),
    ('fct_orders', 'ordered_date', 'amount', 'amount_reporting'),
    ('fct_events', 'starts_on', 'spend', 'spend_reporting'),
    ('fct_content', 'published_date', 'internal_cost', 'internal_cost_reporting'),
    ('fct_content', 'published_date', 'external_cost', 'external_cost_reporting'),
    ('fct_tool_months', 'month_start_date', 'cost', 'cost_reporting'),
    ('dim_companies', 'as_of', 'annual_revenue', 'annual_revenue_reporting'),
] %}
with unconverted as (
    {%- for table, day, amount, reporting in facts %}
    select
        '{{ table }}' as table_name,
        '{{ amount }}' as column_name,
        currency,
        cast({{ day }} as date) as date_day,
        {{ as_type(amount, 'money') }} as amount
    from {{ ref(table) }}{% if day == 'as_of' %}
    cross join (select as_of from {{ ref('int_organization') }}) as organization{% endif %}
    where {{ amount }} is not null and {{ reporting }} is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    {{ surrogate_key(['table_name', 'column_name', 'currency', 'date_day']) }} as missing_rate_key,
    table_name,
    column_name,
    currency,
    date_day,
    case when currency is null then 'no_currency' when date_day is null then 'no_day' else 'no_rate' end as missing,
    {{ as_type('count(*)', 'integer') }} as rows_affected,
    -- One currency a row, so that the sum is one.
    case when currency is not null then {{ as_type('sum(amount)', 'money') }} end as amount
from unconverted
group by table_name, column_name, currency, date_day
