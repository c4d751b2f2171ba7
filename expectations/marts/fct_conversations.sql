-- Four conversations a day over a hundred days, answered in an hour.
select md5(i::varchar) as conversation_key, 'm' || i as conversation_id, 'instagram' as channel,
    {as_of} - (i // 4)::integer as received_date, true as needs_reply,
    60 as first_response_minutes, true as is_answered, true as is_answered_in_sla,
    false as is_auto_reply
from range(400) as rows(i)
