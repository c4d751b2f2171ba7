-- One row per metric, network and measure: the day on which the network changed what it counts, and a sentence on it. Periods on both sides of that day are not compared.
select
    b.metric_id, b.network,
    case b.network when 'linkedin' then 'LinkedIn' when 'youtube' then 'YouTube'
        when 'tiktok' then 'TikTok'
        else upper(left(b.network, 1)) || substr(b.network, 2) end as channel,
    replace(b.measure, '_', ' ') as measure, b.changed_on,
    case b.network when 'linkedin' then 'LinkedIn' when 'youtube' then 'YouTube'
        when 'tiktok' then 'TikTok'
        else upper(left(b.network, 1)) || substr(b.network, 2) end
        || ' changed ' || replace(b.measure, '_', ' ') || ' on '
        || strftime(b.changed_on, '%-d %b %Y') as note
from metrics.metric_breaks as b
order by 1, 5, 2, 4
