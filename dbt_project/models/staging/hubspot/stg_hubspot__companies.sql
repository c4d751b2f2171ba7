select
    companies.company_id,
    companies.name as company_name,
    companies.domain,
    companies.industry,
    companies.employees,
    companies.annual_revenue,
    companies.country,
    companies.owner_id,
    companies.created_at,
    companies.modified_at,
    companies.became_customer_on,
    companies.churned_on,
    companies.is_archived
from {{ source('hubspot', 'companies') }} as companies
