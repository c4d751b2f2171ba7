select
    latest.tool,
    latest.query,
    latest.version as query_version,
    latest.valid_from,
    latest.valid_to,
    latest.platforms,
    latest.filters,
    latest.sentiment_method,
    latest.sentiment_accuracy,
    latest.latency_hours
from {{ latest_version(source('feeds', 'collection_methods')) }}
