-- Two rules share four channels and what is unattributed of 100 deals, each of a thousand.
select md5(model || channel_id) as channel_credit_key, 'deal_won' as conversion_kind, 'all' as window_kind,
    {as_of} - 400 as window_start_date, {as_of} as window_end_date, model, channel_id,
    20 as conversions, 15 as conversions_low, 26 as conversions_high, 0.2 as conversions_share,
    20000 as revenue_reporting, 15000 as revenue_low, 26000 as revenue_high, 0.8 as coverage,
    0.8 as revenue_coverage, 100 as all_conversions, 400 as journeys, 30 as converted_journeys,
    0.66 as auc_in_sample, 0.61 as auc_holdout
from (values ('linear'), ('markov')) as models(model),
    (values ('tv'), ('events'), ('email'), ('phone'), ('unattributed')) as channels(channel_id)
