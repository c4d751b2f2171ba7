{# Aggregates over no rows give one row of nulls: without settings nothing is known, and nothing fails oddly. #}
select
    {{ as_type("max(case when setting = 'as_of' then setting_value end)", 'date') }} as as_of,
    max(case when setting = 'organization_name' then setting_value end) as organization_name,
    max(case when setting = 'reporting_currency' then upper(trim(setting_value)) end) as reporting_currency,
    max(case when setting = 'time_zone' then setting_value end) as time_zone,
    {{ as_type("max(case when setting = 'fiscal_year_start_month' then setting_value end)", 'integer') }}
        as fiscal_year_start_month
from {{ ref('stg_ingest__settings') }}
