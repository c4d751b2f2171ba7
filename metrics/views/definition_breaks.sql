-- One row per network, measure and day on which the network changed what it counts: a series breaks there.
select
    case network when 'linkedin' then 'LinkedIn' when 'youtube' then 'YouTube'
        when 'tiktok' then 'TikTok'
        else upper(left(network, 1)) || substr(network, 2) end as channel,
    replace(metric, '_', ' ') as measure, available_from, kind, definition
from marts.metric_availability
where is_break
order by available_from desc, 1, 2
