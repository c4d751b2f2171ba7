-- Three queries, one version each.
select 'listener' as tool, 'q' || i as query, 'v1' as version, {two_years_ago} as valid_from,
    {as_of} as valid_to, 0.8 as sentiment_accuracy, 6 as latency_hours
from range(3) as rows(i)
