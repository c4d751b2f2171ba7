-- The thirty won deals, shared half and half by two models.
select md5(i || model || channel_id) as attribution_key, 'deal_won' as conversion_kind,
    'd' || 2 * i as conversion_id, model,
    channel_id, {as_of} - (2 * i + 2)::integer as converted_date, 0.5 as credit,
    4000 as revenue_reporting
from range(30) as deals(i), (values ('first'), ('linear')) as models(model),
    (values ('tv'), ('events')) as channels(channel_id)
