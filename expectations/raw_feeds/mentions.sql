-- Eight mentions a day over fifty days: three positive, five neutral, two negative of ten.
select 'brand' as query, 'v1' as query_version, 'listener' as tool, 'mastodon' as network,
    'o' || i as mention_id, {as_of}::timestamp - to_hours((3 * i)::integer) as published_at,
    'u' || i as author_hash, 'Brand' as subject, true as is_brand,
    case when i % 10 < 3 then 'positive' when i % 10 < 8 then 'neutral' else 'negative' end
        as sentiment
from range(500) as rows(i)
