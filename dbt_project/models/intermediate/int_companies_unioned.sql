{# One line a source. HubSpot does not say in which currency a company's revenue is. #}
select
    'hubspot:' || company_id as company_id,
    'hubspot' as source_system,
    company_id as source_company_id,
    company_name,
    lower(trim(domain)) as domain,
    industry,
    employees,
    annual_revenue,
    {{ unknown('text') }} as currency,
    country,
    became_customer_on,
    churned_on
from {{ ref('stg_hubspot__companies') }}
where is_archived is distinct from true
union all
select
    source_system || ':' || company_id as company_id,
    source_system,
    company_id as source_company_id,
    company_name,
    lower(trim(domain)) as domain,
    industry,
    employees,
    annual_revenue,
    currency,
    country,
    became_customer_on,
    churned_on
from {{ ref('stg_feeds__companies') }}
