-- Ten roles, each held by one active person.
select md5(i::varchar) as owner_key, 'role' || i as role, true as is_current,
    'active' as owner_status
from range(10) as rows(i)
