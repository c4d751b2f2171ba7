select
    latest.system as source_system,
    latest.company_id,
    latest.name as company_name,
    latest.domain,
    latest.industry,
    latest.employees,
    latest.annual_revenue,
    upper(trim(latest.currency)) as currency,
    latest.country,
    latest.parent_company,
    latest.became_customer_on,
    latest.churned_on
from {{ latest_version(source('feeds', 'companies')) }}
