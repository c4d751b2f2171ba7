-- Three experiments.
select 'e' || i as evidence_key, 'tv' as channel_id, 'experiment' as kind, 40 as estimate,
    8 as low, 72 as high, 'One test, one period.' as caveat
from range(3) as rows(i)
