with months as (
    select * from {{ ref('int_tool_months_connected') }}
)

select
    {{ surrogate_key(['tool_id', 'month_start_date']) }} as tool_month_key,
    month_start_date,
    tool_id,
    capability,
    seats,
    seats_active,
    cost,
    currency,
    cost_reporting,
    fx_rate,
    fx_rate_date,
    records,
    records_with_key,
    records_matched,
    is_connected,
    count(*) over (partition by capability, month_start_date) > 1 as is_overlapping
from months
