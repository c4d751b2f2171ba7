-- Two places, ten days.
select md5(place || i) as outcome_day_key, place as geography, ({as_of} - i::integer) as date_day,
    3 as leads_created, 5 as orders, 900 as revenue_reporting
from range(10) as rows(i), (values ('DE'), ('GB')) as places(place)
