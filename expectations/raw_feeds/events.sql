-- Ten events over a year, two days each.
select 'ev' || i as event_id, 'Event ' || i as name, 'fair' as kind,
    {year_ago} + (30 * i)::integer as starts_on, {year_ago} + (30 * i + 1)::integer as ends_on,
    100 as registered, 80 as attended, 5000 as spend, 'EUR' as currency
from range(10) as rows(i)
