select
    {{ surrogate_key(['tool', 'query', 'query_version']) }} as collection_method_key,
    tool,
    query,
    query_version,
    valid_from,
    valid_to,
    platforms,
    filters,
    sentiment_method,
    sentiment_accuracy,
    latency_hours
from {{ ref('stg_feeds__collection_methods') }}
