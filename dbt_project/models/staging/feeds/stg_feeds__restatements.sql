{# What we said then, what we say now: feeds keep every version, and each changed number is a row. #}
{%- set feeds = [
    ('posts', ['network', 'post_id', 'captured_on'], 'captured_on', ['impressions', 'views', 'reach', 'reactions', 'comments', 'shares', 'saves', 'clicks', 'link_clicks', 'video_views']),
    ('account_days', ['network', 'date'], 'date', ['followers', 'followers_gained', 'followers_lost', 'profile_views', 'impressions']),
    ('channel_days', ['channel', 'campaign', 'geography', 'date'], 'date', ['spend', 'impressions', 'grps', 'insertions', 'deliveries', 'opens', 'clicks', 'sessions', 'responses', 'conversions']),
    ('reach_windows', ['network', 'campaign', 'post_id', 'window_days', 'window_end'], 'window_end', ['reach_people', 'impressions', 'universe_people']),
    ('media_clips', ['outlet', 'clip_id'], 'published_on', ['circulation']),
    ('events', ['name'], 'starts_on', ['registered', 'attended', 'spend']),
    ('fx_rates', ['currency', 'reporting_currency', 'date'], 'date', ['rate']),
    ('orders', ['system', 'order_id'], 'ordered_on', ['amount', 'cost_of_goods']),
    ('deals', ['system', 'deal_id'], 'created_on', ['amount', 'probability']),
    ('tools', ['tool', 'month'], 'month', ['seats', 'seats_active', 'cost', 'records', 'records_with_key', 'records_matched']),
] %}
with
{%- for table_name, label, event, columns in feeds %}
{{ version_pairs('feeds', table_name, label, event, columns) }},
{%- endfor %}

changes as (
    {%- for table_name, label, event, columns in feeds %}
    {{ restated(table_name, columns) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from changes
