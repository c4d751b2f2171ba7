-- Two leads a day over a hundred days, every second qualified a day later.
select md5(i::varchar) as lead_key, 'l' || i as lead_id, {as_of} - (i // 2 + 1)::integer
    as created_date, {as_of} - (i // 2)::integer as qualified_date, 'website' as channel_id,
    'a colleague' as self_reported_source, false as is_decoy, i % 2 = 0 as is_qualified
from range(200) as rows(i)
