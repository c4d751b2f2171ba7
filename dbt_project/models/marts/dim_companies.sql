with organization as (
    select as_of from {{ ref('int_organization') }}
),

records as (
    select * from {{ ref('int_companies_resolved') }}
),

-- What the records of one company say together: customer since the first contract that any of them knows,
-- gone only when all that had one say so.
together as (
    select
        company_id,
        min(became_customer_on) as became_customer_on,
        case
            when count(case when became_customer_on is not null and churned_on is null then 1 end) = 0
                then max(churned_on)
        end as churned_on,
        min(industry) as industry,
        max(employees) as employees,
        min(country) as country
    from records
    group by company_id
),

revenues as (
    select
        records.company_id,
        records.annual_revenue,
        records.currency,
        row_number() over (
            partition by records.company_id
            order by case when records.currency is null then 1 else 0 end, records.source_rank, records.company_reference
        ) as choice
    from records
    where records.annual_revenue is not null
)

select
    {{ surrogate_key(['records.company_id']) }} as company_key,
    records.company_id,
    records.company_name,
    records.domain,
    coalesce(records.industry, together.industry) as industry,
    coalesce(records.employees, together.employees) as employees,
    revenues.annual_revenue,
    revenues.currency,
    -- A yearly figure without a day of its own: at the rate of as_of.
    {{ at_rate('revenues.annual_revenue', 'rates.fx_rate') }} as annual_revenue_reporting,
    rates.fx_rate,
    rates.fx_rate_date,
    coalesce(records.country, together.country) as country,
    together.became_customer_on,
    together.churned_on,
    case
        when together.became_customer_on is null then null
        else
            together.became_customer_on <= organization.as_of
            and (together.churned_on is null or together.churned_on > organization.as_of)
    end as is_customer
from records
cross join organization
inner join together on records.company_id = together.company_id
left join revenues on records.company_id = revenues.company_id and revenues.choice = 1
left join {{ ref('int_fx_rates_filled') }} as rates
    on revenues.currency = rates.currency and organization.as_of = rates.date_day
where records.company_reference = records.company_id
