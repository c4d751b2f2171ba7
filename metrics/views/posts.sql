-- One row per post of a brand account: what it got by its last capture. Posts of employees are not shown one by one.
select
    case p.network when 'linkedin' then 'LinkedIn' when 'youtube' then 'YouTube'
        when 'tiktok' then 'TikTok'
        else upper(left(p.network, 1)) || substr(p.network, 2) end as channel,
    coalesce(a.account, 'account') as account, p.post_id, p.published_date,
    replace(coalesce(p.post_type, 'not stated'), '_', ' ') as post_type,
    coalesce(p.category, 'not stated') as category,
    coalesce(c.campaign_name, 'none') as campaign, p.is_paid, p.impressions, p.engagements,
    p.comments, p.shares,
    p.engagements / nullif(cast(p.impressions as double), 0) as engagement_rate
from marts.fct_posts as p
join marts.dim_accounts as a on p.account_id = a.account_id
left join marts.dim_campaigns as c on p.campaign_id = c.campaign_id
where p.ownership = 'brand'
order by p.published_date desc, p.post_id
