select
    latest.currency,
    latest.reporting_currency,
    latest.date as date_day,
    latest.rate as fx_rate,
    latest.rate_source
from {{ latest_version(source('feeds', 'fx_rates')) }}
