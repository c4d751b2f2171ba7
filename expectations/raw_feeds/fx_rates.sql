-- Dollars in euros, every day for ninety days.
select 'USD' as currency, 'EUR' as reporting_currency, {as_of} - i::integer as date,
    0.9 + 0.001 * (i % 5) as rate, 'ECB' as rate_source
from range(90) as days(i)
