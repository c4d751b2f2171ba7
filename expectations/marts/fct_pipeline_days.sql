-- One pipeline over ninety days.
select md5(i::varchar) as pipeline_day_key, {as_of} - i::integer as date_day,
    'default' as pipeline, 40 as open_deals, 300000 + 100 * i as open_amount_reporting,
    120000 as weighted_amount_reporting
from range(90) as rows(i)
