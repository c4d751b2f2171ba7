-- One row per brand account, window length and window end: people reached at least once in that window, as the network reports it. Windows, accounts and networks share people: never add them up.
with spelled as (
    select * from (values
        ('linkedin', 'LinkedIn'), ('youtube', 'YouTube'), ('tiktok', 'TikTok')
    ) as t(word, spelling)
)
select
    coalesce(s.spelling, upper(left(r.network, 1)) || substr(r.network, 2)) as channel,
    coalesce(s.spelling, upper(left(r.network, 1)) || substr(r.network, 2))
        || ' ' || coalesce(a.account, 'account') as account,
    r.window_days, r.window_end_date, r.reach_people, r.impressions,
    r.impressions / nullif(cast(r.reach_people as double), 0) as frequency,
    r.window_end_date = max(r.window_end_date) over (partition by r.account_id, r.window_days)
        as is_latest
from marts.fct_reach_windows as r
join marts.dim_accounts as a on r.account_id = a.account_id and a.ownership = 'brand'
left join spelled as s on r.network = s.word
where r.campaign_id is null and r.post_id is null
order by 1, 2, 3, 4
