-- Eight accounts of the brand and four of employees.
select md5(i::varchar) as account_key, 'a' || i as account_id, 'linkedin' as network,
    case when i < 8 then 'handle' || i end as account,
    case when i < 8 then 'brand' else 'employee' end as ownership, 'active' as owner_status,
    {two_years_ago} as opened_on, case when i = 1 then {month_ago} end as closed_on
from range(12) as rows(i)
