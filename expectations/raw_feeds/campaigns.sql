-- Six campaigns, each known to two systems.
select 'c' || i as campaign, 'Campaign ' || i as name, system, system || '-' || i as system_id,
    'brand_health' as objective, {year_ago} + (20 * i)::integer as starts_on,
    {year_ago} + (20 * i + 40)::integer as ends_on, 20000 as budget, 'EUR' as currency,
    'demand_lead' as owner_role
from range(6) as rows(i), (values ('hubspot'), ('linkedin_ads')) as systems(system)
