select
    latest.campaign as campaign_text,
    latest.window_days,
    latest.window_end as window_end_date,
    least(lower(trim(latest.network_a)), lower(trim(latest.network_b))) as network_a,
    greatest(lower(trim(latest.network_a)), lower(trim(latest.network_b))) as network_b,
    latest.overlap_people
from {{ latest_version(source('feeds', 'reach_overlaps')) }}
