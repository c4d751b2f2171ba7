-- Twenty companies, all customers.
select 'k' || i as company_id, 'Company ' || i as name, 'company' || i || '.example' as domain,
    120 + i as employees, 1000000 as annual_revenue, {year_ago}::timestamp as created_at,
    {month_ago}::timestamp as modified_at, {year_ago} - i::integer as became_customer_on,
    {month_ago} as churned_on, false as is_archived
from range(20) as rows(i)
