{# Touchpoints with the contact they are of: by the CRM's id, else by hashed e-mail, else nobody's. The day is
   that of the account's time zone where an account of ours is named, else the organization's.

   A system's own word for the channel counts first, then the vanity address, the UTM tag, the referrer; a web visit without
   either was typed in or bookmarked. What none of the registers knows is 'unknown', which a gate counts. #}
{%- set source_tag = "replace(replace(lower(trim(utm_source)), ' ', '_'), '-', '_')" -%}
{%- set medium_tag = "replace(replace(lower(trim(utm_medium)), ' ', '_'), '-', '_')" -%}
with organization as (
    select time_zone from {{ ref('int_organization') }}
),

keys as (
    select * from {{ ref('int_crm_ids_matched') }}
    where entity = 'contact'
),

handles as (
    select
        lower(trim(account)) as handle,
        min(account_id) as account_id
    from {{ ref('int_accounts_seen') }}
    group by lower(trim(account))
    having count(distinct account_id) = 1
),

tags as (
    select
        utm_source,
        utm_medium,
        {{ source_tag }} as source_tag,
        {{ medium_tag }} as medium_tag
    from {{ ref('stg_feeds__touchpoints') }}
    where utm_source is not null or utm_medium is not null
    group by utm_source, utm_medium
),

tagged as (
    select
        tags.utm_source,
        tags.utm_medium,
        registered.channel_id,
        row_number() over (
            partition by tags.utm_source, tags.utm_medium
            order by case when registered.utm_medium = '*' then 1 else 0 end, case when registered.utm_source = '*' then 1 else 0 end
        ) as tag_rank
    from tags
    inner join {{ ref('utm_channels') }} as registered
        on
            (registered.utm_source = '*' or registered.utm_source = tags.source_tag)
            and (registered.utm_medium = '*' or registered.utm_medium = tags.medium_tag)
),

-- The host of a referrer, whether the system keeps the whole address or not, and the two above it.
hosts as (
    select
        referrer,
        host,
        case when host like '%.%' then substr(host, position('.' in host) + 1) end as host_above
    from (
        select
            referrer,
            case when host like 'www.%' then substr(host, 5) else host end as host
        from (
            select
                referrer,
                {{ dbt.split_part("replace(replace(lower(trim(referrer)), 'https://', ''), 'http://', '')", "'/'", 1) }} as host
            from {{ ref('stg_feeds__touchpoints') }}
            where referrer is not null
            group by referrer
        ) as addresses
    ) as hosts
),

referred as (
    select
        hosts.referrer,
        coalesce(own.channel_id, above.channel_id, top.channel_id) as channel_id
    from hosts
    left join {{ ref('referrer_channels') }} as own on hosts.host = own.referrer_host
    left join {{ ref('referrer_channels') }} as above on hosts.host_above = above.referrer_host
    left join {{ ref('referrer_channels') }} as top
        on
            hosts.host_above like '%.%'
            and substr(hosts.host_above, position('.' in hosts.host_above) + 1) = top.referrer_host
),

-- Addresses as the register writes them: without scheme, port, www or m, query, index page and closing slash.
opened as (
    select
        landing_url,
        case
            when address like 'https://%' then substr(address, 9)
            when address like 'http://%' then substr(address, 8)
            when address like '//%' then substr(address, 3)
            else address
        end as address
    from (
        select
            landing_url,
            {{ dbt.split_part(dbt.split_part('lower(trim(landing_url))', "'?'", 1), "'#'", 1) }} as address
        from {{ ref('stg_feeds__touchpoints') }}
        where landing_url is not null
        group by landing_url
    ) as urls
),

parted as (
    select
        landing_url,
        {{ dbt.split_part(dbt.split_part('address', "'/'", 1), "':'", 1) }} as host,
        trim(trailing '/' from substr(address, length({{ dbt.split_part('address', "'/'", 1) }}) + 1)) as page
    from opened
),

landed as (
    select
        parted.landing_url,
        vanity.channel_id
    from parted
    inner join {{ ref('vanity_addresses') }} as vanity
        on
            -- What is left of a host has a dot: m.example is a name of its own.
            case
                when parted.host like 'www.%.%' then substr(parted.host, 5)
                when parted.host like 'm.%.%' then substr(parted.host, 3)
                else parted.host
            end
            || case
                when parted.page like '%/index.html' then substr(parted.page, 1, length(parted.page) - 11)
                when parted.page like '%/index.htm' or parted.page like '%/index.php'
                    then substr(parted.page, 1, length(parted.page) - 10)
                else parted.page
            end = vanity.address
),

matched as (
    select
        touchpoints.*,
        coalesce(own_ids.entity_id, ids.entity_id) as contact_by_id,
        emails.entity_id as contact_by_email,
        handles.account_id,
        coalesce(register.time_zone, organization.time_zone) as time_zone
    from {{ ref('stg_feeds__touchpoints') }} as touchpoints
    cross join organization
    left join keys as own_ids
        on
            own_ids.key_kind = 'crm_id'
            and touchpoints.source_system || ':' || touchpoints.contact_id = own_ids.reference
    left join keys as ids
        on
            ids.key_kind = 'crm_id'
            and touchpoints.contact_id = ids.reference
    left join keys as emails
        on
            emails.key_kind = 'email'
            and touchpoints.contact_email_hash = emails.reference
    left join handles on lower(trim(touchpoints.reported_account)) = handles.handle
    left join {{ ref('int_accounts_registered') }} as register on handles.account_id = register.account_id
)

select
    matched.source_system || ':' || matched.touchpoint_id as touchpoint_id,
    matched.source_system,
    matched.occurred_at,
    {{ to_local_date('matched.occurred_at', 'matched.time_zone') }} as occurred_date,
    case
        when channels.channel_id is not null then channels.channel_id
        when landed.channel_id is not null then landed.channel_id
        when tagged.channel_id is not null then tagged.channel_id
        -- A tag that no register knows says more than where the click came from: it is looked into, not guessed.
        when matched.utm_source is not null or matched.utm_medium is not null then 'unknown'
        when referred.channel_id is not null then referred.channel_id
        when matched.referrer is null and matched.reported_channel is null and matched.kind = 'visit' then 'website'
        else 'unknown'
    end as channel_id,
    case
        when channels.channel_id is not null then 'reported'
        when landed.channel_id is not null then 'vanity'
        when tagged.channel_id is not null then 'utm'
        when matched.utm_source is not null or matched.utm_medium is not null then 'none'
        when referred.channel_id is not null then 'referrer'
        when matched.referrer is null and matched.reported_channel is null and matched.kind = 'visit' then 'direct'
        else 'none'
    end as channel_rule,
    matched.kind,
    campaigns.campaign_id,
    matched.account_id,
    coalesce(matched.contact_by_id, matched.contact_by_email) as contact_id,
    case
        when matched.contact_by_id is not null then 'crm_id'
        when matched.contact_by_email is not null then 'email'
    end as match_key,
    matched.event_id,
    upper(trim(matched.promo_code)) as promo_code,
    matched.call_seconds,
    -- A call of a minute or more from a number that never called before.
    case when matched.kind = 'call' then matched.call_seconds >= 60 and matched.is_first_call end as is_qualified_call,
    -- The channel whose address was opened, whatever else names one.
    landed.channel_id as vanity_channel_id,
    matched.geography
from matched
left join {{ ref('channels') }} as channels
    on matched.reported_channel = channels.channel_id and channels.channel_id <> 'unknown'
left join {{ ref('int_campaigns_resolved') }} as campaigns on matched.campaign_text = campaigns.campaign_text
left join tagged
    on
        matched.utm_source is not distinct from tagged.utm_source
        and matched.utm_medium is not distinct from tagged.utm_medium
        and tagged.tag_rank = 1
left join referred on matched.referrer = referred.referrer
left join landed on matched.landing_url = landed.landing_url
