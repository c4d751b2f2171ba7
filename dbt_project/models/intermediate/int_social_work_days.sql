{# On which days somebody visibly did social work: answered in the inbox, or published on an account in their
   care (their own only where they opted in). #}
with posts as (
    select distinct
        accounts.owner_email_hash as email_hash,
        {{ to_local_date('captures.published_at', 'accounts.time_zone') }} as active_on
    from {{ ref('int_post_captures_unioned') }} as captures
    inner join {{ ref('int_accounts_registered') }} as accounts on captures.account_id = accounts.account_id
    where accounts.ownership <> 'employee' or accounts.is_opted_in
),

answers as (
    select distinct
        first_reply_by_hash as email_hash,
        cast(first_reply_at as date) as active_on
    from {{ ref('int_conversations_answered') }}
)

select
    email_hash,
    active_on
from posts
where email_hash is not null and active_on is not null
union
select
    email_hash,
    active_on
from answers
where email_hash is not null and active_on is not null
