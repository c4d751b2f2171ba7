{# Aggregates over no rows give one row of nulls: without settings nothing is known, and nothing fails oddly. #}
select
    {{ as_type("max(case when setting = 'as_of' then setting_value end)", 'date') }} as as_of,
    max(case when setting = 'organization_name' then setting_value end) as organization_name,
    max(case when setting = 'reporting_currency' then upper(trim(setting_value)) end) as reporting_currency,
    max(case when setting = 'time_zone' then setting_value end) as time_zone,
    {{ as_type("max(case when setting = 'fiscal_year_start_month' then setting_value end)", 'integer') }}
        as fiscal_year_start_month,
    max(case when setting = 'fiscal_calendar' then setting_value end) as fiscal_calendar,
    {{ as_type("max(case when setting = 'fiscal_week_start' then setting_value end)", 'integer') }} as fiscal_week_start,
    max(case when setting = 'fiscal_year_end' then setting_value end) as fiscal_year_end,
    {{ as_type("max(case when setting = 'identity_most_records_per_key' then setting_value end)", 'integer') }}
        as identity_most_records_per_key,
    max(case when setting = 'identity_splink' then setting_value end) as identity_splink,
    {{ as_type("max(case when setting = 'identity_apply_from' then setting_value end)", 'number') }}
        as identity_apply_from
from {{ ref('stg_ingest__settings') }}
