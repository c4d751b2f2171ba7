-- Twenty companies, all customers.
select 'crm' as system, 'k' || i as company_id, 'Company ' || i as name,
    'company' || i || '.example' as domain, 120 + i as employees, 1000000 as annual_revenue,
    'EUR' as currency, {year_ago} - i::integer as became_customer_on, {month_ago} as churned_on
from range(20) as rows(i)
