-- Eight users.
select 'o' || i as owner_id, 'h' || i as email_hash, 'North' as team, false as is_archived
from range(8) as rows(i)
