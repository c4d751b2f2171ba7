-- What a model says of two tests.
select 'leads_created' as outcome, 'x' || i as experiment_id, 10.0 as caused_low,
    20.0 as caused_mid, 30.0 as caused_high, 'r' as run_id
from range(2) as rows(i)
