{# Which channel carries a code: the register of prefixes says, else the one channel in which touchpoints saw it
   redeemed. A code that none or several carry is nobody's. #}
with codes as (
    select promo_code from {{ ref('fct_orders') }}
    union
    select promo_code from {{ ref('fct_leads') }}
),

codes_by_prefix as (
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

codes_redeemed as (
    select
        promo_code,
        min(channel_id) as channel_id
    from {{ ref('fct_touchpoints') }}
    where promo_code is not null and kind = 'code' and channel_id <> 'unknown'
    group by promo_code
    having count(distinct channel_id) = 1
)

select
    {{ surrogate_key(['codes.promo_code']) }} as promo_code_key,
    codes.promo_code,
    coalesce(codes_by_prefix.channel_id, codes_redeemed.channel_id) as channel_id
from codes
left join codes_by_prefix
    on codes.promo_code = codes_by_prefix.promo_code and codes_by_prefix.prefix_rank = 1
left join codes_redeemed on codes.promo_code = codes_redeemed.promo_code
where coalesce(codes_by_prefix.channel_id, codes_redeemed.channel_id) is not null
