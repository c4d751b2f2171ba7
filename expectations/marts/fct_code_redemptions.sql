-- One campaign, two markets, six months.
select md5(m || '-' || i) as code_redemption_key, 'c1' as campaign_id, 'market' || m as geography,
    (date_trunc('month', {as_of}) - to_months(i::integer))::date as month_start_date, 100 as orders_exposed,
    8 as orders_with_code, 1 as orders_leaked
from range(2) as markets(m), range(6) as months(i)
