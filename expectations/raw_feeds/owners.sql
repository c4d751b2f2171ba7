-- Six roles, each held by one person.
select 'role' || i as role, {two_years_ago} as valid_from, {next_year} as valid_to,
    'Role ' || i as label, 'Person ' || i as display_name, 'h' || i as email_hash
from range(6) as rows(i)
