{# What share of the followers might go when people go. The chance to leave is the organization's own
   turnover of the last four quarters as published, never a guess about a person. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

followers as (
    select
        days.account_id,
        {{ period_start('days.date_day', 'quarter') }} as quarter_start_date,
        days.date_day,
        days.followers,
        row_number() over (
            partition by days.account_id, {{ period_start('days.date_day', 'quarter') }}
            order by days.date_day desc
        ) as recency
    from {{ ref('int_account_days_unioned') }} as days
    cross join organization
    where days.followers is not null and days.date_day <= organization.as_of
),

accounts as (
    select
        followers.quarter_start_date,
        followers.account_id,
        followers.followers,
        register.owner_email_hash,
        coalesce(register.ownership = 'employee', false) as is_personal,
        coalesce(
            (register.owner_email_hash is not null or register.owner_role is not null)
            and register.has_recovery_contact
            and register.has_signed_policy
            and register.has_two_factor
            and register.has_exit_clause,
            false
        ) as is_documented
    from followers
    left join {{ ref('int_accounts_registered') }} as register on followers.account_id = register.account_id
    where
        followers.recency = 1
        and (register.closed_on is null or register.closed_on > followers.date_day)
        -- Without a register nobody knows whose the accounts are; that is not "all undocumented".
        and exists (select 1 from {{ ref('int_accounts_registered') }})
),

persons as (
    select
        quarter_start_date,
        owner_email_hash,
        sum(followers) as followers
    from accounts
    where owner_email_hash is not null and (is_personal or not is_documented)
    group by quarter_start_date, owner_email_hash
),

largest as (
    select
        quarter_start_date,
        count(*) as people,
        max(followers) as followers
    from persons
    group by quarter_start_date
),

quarters as (
    select
        quarter_start_date,
        count(*) as accounts,
        sum(case when is_documented then 1 else 0 end) as accounts_documented,
        sum(followers) as followers_total,
        sum(case when is_personal then followers else 0 end) as followers_personal,
        sum(case when not is_documented then followers else 0 end) as followers_undocumented,
        sum(case when is_personal or not is_documented then followers else 0 end) as followers_exposed
    from accounts
    group by quarter_start_date
),

-- A figure may count for several quarters: leavers a quarter are those told by the quarters they count for.
told_moves as (
    select
        period_start,
        people,
        average_headcount,
        (extract(year from period_start) - extract(year from counts_from)) * 4
        + extract(quarter from period_start) - extract(quarter from counts_from) + 1 as quarters_counted
    from {{ ref('fct_moves') }}
    where kind = 'leave' and people is not null
),

turnover as (
    select
        quarters.quarter_start_date,
        sum(told_moves.people) * 4.0 / sum(told_moves.quarters_counted) / avg(told_moves.average_headcount)
            as turnover_used
    from quarters
    inner join told_moves
        on
            told_moves.period_start <= quarters.quarter_start_date
            and told_moves.period_start > cast({{ dbt.dateadd('month', -12, 'quarters.quarter_start_date') }} as date)
    group by quarters.quarter_start_date
)

select
    {{ surrogate_key(['quarters.quarter_start_date']) }} as reach_at_risk_key,
    quarters.quarter_start_date,
    {{ as_type('quarters.followers_total', 'integer') }} as followers_total,
    {{ as_type('quarters.followers_personal', 'integer') }} as followers_personal,
    {{ as_type('quarters.followers_undocumented', 'integer') }} as followers_undocumented,
    {{ rounded('quarters.followers_exposed * turnover.turnover_used', 4) }} as followers_at_risk,
    {{ rounded('turnover.turnover_used', 6) }} as turnover_used,
    -- To the twentieth, and only among five people or more: it is about one of them.
    case
        when largest.people >= 5
            then {{ rounded('20.0 * largest.followers / nullif(quarters.followers_total, 0)', 0) }} / 20
    end as largest_person_share,
    {{ as_type('quarters.accounts', 'integer') }} as accounts,
    {{ as_type('quarters.accounts_documented', 'integer') }} as accounts_documented
from quarters
left join largest on quarters.quarter_start_date = largest.quarter_start_date
left join turnover on quarters.quarter_start_date = turnover.quarter_start_date
