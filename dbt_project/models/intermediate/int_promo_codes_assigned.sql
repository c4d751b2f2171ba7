{# Which channel carries a code: the register of prefixes says, else the one channel in which touchpoints saw
   it redeemed. A code that none or several carry is nobody's. #}
with codes as (
    select upper(trim(promo_code)) as promo_code from {{ ref('stg_feeds__orders') }}
    union
    select upper(trim(promo_code)) as promo_code from {{ ref('stg_feeds__leads') }}
    union
    select promo_code from {{ ref('int_touchpoints_matched') }}
),

by_prefix as (
    select
        codes.promo_code,
        prefixes.channel_id,
        row_number() over (
            partition by codes.promo_code order by length(prefixes.prefix) desc, prefixes.prefix
        ) as prefix_rank
    from codes
    inner join {{ ref('promo_code_prefixes') }} as prefixes
        on codes.promo_code like prefixes.prefix || '%'
),

redeemed as (
    select
        promo_code,
        min(channel_id) as channel_id
    from {{ ref('int_touchpoints_matched') }}
    where promo_code is not null and kind = 'code' and channel_id <> 'unknown'
    group by promo_code
    having count(distinct channel_id) = 1
)

select
    codes.promo_code,
    coalesce(by_prefix.channel_id, redeemed.channel_id) as channel_id
from codes
left join by_prefix on codes.promo_code = by_prefix.promo_code and by_prefix.prefix_rank = 1
left join redeemed on codes.promo_code = redeemed.promo_code
where
    codes.promo_code is not null
    and coalesce(by_prefix.channel_id, redeemed.channel_id) is not null
