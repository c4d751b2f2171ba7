-- Twenty companies that were customers until a month ago.
select md5(i::varchar) as company_key, 'k' || i as company_id, {year_ago} as became_customer_on,
    {month_ago} as churned_on, false as is_customer
from range(20) as rows(i)
