with organization as (
    select as_of from {{ ref('int_organization') }}
)

select
    {{ surrogate_key(['companies.company_id']) }} as company_key,
    companies.company_id,
    companies.company_name,
    companies.domain,
    companies.industry,
    companies.employees,
    companies.annual_revenue,
    companies.currency,
    -- A yearly figure without a day of its own: at the rate of as_of.
    {{ at_rate('companies.annual_revenue', 'rates.fx_rate') }} as annual_revenue_reporting,
    rates.fx_rate,
    rates.fx_rate_date,
    companies.country,
    companies.became_customer_on,
    companies.churned_on,
    case
        when companies.became_customer_on is null then null
        else
            companies.became_customer_on <= organization.as_of
            and (companies.churned_on is null or companies.churned_on > organization.as_of)
    end as is_customer
from {{ ref('int_companies_unioned') }} as companies
cross join organization
left join {{ ref('int_fx_rates_filled') }} as rates
    on companies.currency = rates.currency and organization.as_of = rates.date_day
