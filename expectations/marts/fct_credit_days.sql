-- Thirty days with a won deal, half and half by two models.
select md5(i || model || channel_id) as credit_day_key, 'deal_won' as conversion_kind,
    {as_of} - (2 * i + 2)::integer as converted_date, model, channel_id, 0.5 as credit,
    4000 as revenue_reporting
from range(30) as days(i), (values ('first'), ('markov')) as models(model),
    (values ('tv'), ('events')) as channels(channel_id)
