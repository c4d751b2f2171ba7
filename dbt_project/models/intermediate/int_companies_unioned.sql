{# One block a source. HubSpot does not say in which currency a company's revenue is. A domain is written in
   many ways: without scheme, www. and path it is a stable key. #}
with unioned as (
    select
        'hubspot:' || company_id as company_reference,
        'hubspot' as source_system,
        1 as source_rank,
        company_id as source_company_id,
        company_name,
        domain,
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
        source_system || ':' || company_id as company_reference,
        source_system,
        9 as source_rank,
        company_id as source_company_id,
        company_name,
        domain,
        industry,
        employees,
        annual_revenue,
        currency,
        country,
        became_customer_on,
        churned_on
    from {{ ref('stg_feeds__companies') }}
),

bare as (
    select
        unioned.*,
        replace(replace(lower(trim(unioned.domain)), 'https://', ''), 'http://', '') as host_and_path
    from unioned
)

select
    company_reference,
    source_system,
    source_rank,
    source_company_id,
    company_name,
    nullif(
        case
            when substr(host_and_path, 1, 4) = 'www.' then {{ dbt.split_part('substr(host_and_path, 5)', "'/'", 1) }}
            else {{ dbt.split_part('host_and_path', "'/'", 1) }}
        end, ''
    ) as domain,
    industry,
    employees,
    annual_revenue,
    currency,
    country,
    became_customer_on,
    churned_on
from bare
