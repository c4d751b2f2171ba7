-- Ten tools with an active owner.
select md5(i::varchar) as tool_key, 'tool' || i as tool_id, 'active' as owner_status
from range(10) as rows(i)
