-- Ten touches a day over thirty days, all calls of two minutes.
select md5(i::varchar) as touchpoint_key, 'z' || i as touchpoint_id,
    {as_of} - (i // 10)::integer as occurred_date, 'phone' as channel_id, 'p' || (i % 50)
    as contact_id, 120 as call_seconds, true as is_qualified_call
from range(300) as rows(i)
