select
    latest.query,
    latest.query_version,
    latest.tool,
    lower(trim(latest.network)) as network,
    trim(latest.mention_id) as mention_id,
    latest.published_at,
    latest.author_hash,
    trim(latest.subject) as subject,
    latest.is_brand,
    latest.is_employee,
    latest.sentiment,
    lower(trim(latest.sentiment_method)) as sentiment_method,
    latest.is_recommendation,
    latest.has_key_message,
    latest.language
from {{ latest_version(source('feeds', 'mentions')) }}
