-- Ten accounts of the brand.
select 'linkedin' as network, 'a' || i as account, 'brand' as ownership, 'social_lead' as owner_role,
    3 as administrators, {two_years_ago} as opened_on, {as_of} as closed_on,
    'Europe/Berlin' as time_zone
from range(10) as rows(i)
