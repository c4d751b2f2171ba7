-- Forty posts, one day each.
select md5(i::varchar) as post_day_key, {as_of} - i::integer as date_day, 'linkedin' as network,
    'b' || i as post_id, 'a1' as account_id, 'brand' as ownership, 1000 as impressions,
    40 as engagements, 1000 as impressions_with_engagements, 0 as impressions_correction,
    0 as engagements_correction
from range(40) as rows(i)
