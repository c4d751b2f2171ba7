{# Who was reached inside, counted by department. Of a platform different people in the 28 days that end that
   day, out of all who work here: those without an account stay in the denominator. Of messages different
   openers out of recipients, message by message; people are different within one message alone, so the one
   that went to most of them stands for its month. Neither those who did nor those who did not may be few. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

told as (
    select
        comms.platform,
        comms.message_id,
        comms.date_day,
        coalesce(groups.department_group, 'Department not stated') as department_group,
        sum(comms.active_people) as active,
        sum(comms.recipients) as recipients,
        sum(comms.openers) as openers
    from {{ ref('stg_feeds__internal_comms') }} as comms
    cross join organization
    left join {{ ref('int_departments_grouped') }} as groups on comms.department = groups.department
    where comms.date_day <= organization.as_of
    group by
        comms.platform, comms.message_id, comms.date_day, coalesce(groups.department_group, 'Department not stated')
),

heads as (
    select
        snapshots.month_start_date,
        groups.department_group,
        count(*) as people
    from {{ ref('int_employee_snapshots') }} as snapshots
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    where not snapshots.is_first_day
    group by snapshots.month_start_date, groups.department_group
),

reading_days as (
    select distinct
        platform,
        date_day,
        {{ period_start('date_day', 'month') }} as month_start_date
    from told
    where message_id is null and active is not null
),

-- Every department of HR stands in a reading, also one of which the platform knows nobody.
readings as (
    select
        reading_days.platform || '|' || cast(reading_days.date_day as {{ sql_type('text') }}) as reading,
        reading_days.platform,
        reading_days.date_day,
        heads.department_group,
        heads.people,
        coalesce(told.active, 0) as active,
        heads.people - coalesce(told.active, 0) as inactive
    from reading_days
    inner join heads on reading_days.month_start_date = heads.month_start_date
    left join told
        on
            reading_days.platform = told.platform
            and reading_days.date_day = told.date_day
            and heads.department_group = told.department_group
            and told.message_id is null
),

readings_placed as (
    {{ pooled_departments('readings', 'reading', ['people', 'active', 'inactive']) }}
),

readings_published as (
    {{ published_departments('readings_placed', ['platform', 'date_day'], ['people', 'active']) }}
),

readings_shown as (
    select
        platform,
        date_day,
        department_group,
        people as headcount,
        active as active_people,
        is_suppressed
    from readings_published
    union all
    select
        platform,
        date_day,
        'All' as department_group,
        sum(people) as headcount,
        case when sum(active) not between 1 and 4 and sum(inactive) not between 1 and 4 then sum(active) end
            as active_people,
        sum(active) between 1 and 4 or sum(inactive) between 1 and 4 as is_suppressed
    from readings
    group by platform, date_day
),

messages as (
    select
        platform || '|' || message_id as message,
        platform,
        date_day,
        department_group,
        recipients as people,
        recipients,
        openers,
        recipients - openers as others
    from told
    where message_id is not null and recipients is not null and openers is not null
),

messages_placed as (
    {{ pooled_departments('messages', 'message', ['recipients', 'openers', 'others']) }}
),

messages_published as (
    {{ published_departments('messages_placed', ['platform', 'date_day', 'message'], ['recipients', 'openers']) }}
),

messages_whole as (
    select
        platform,
        date_day,
        message,
        sum(recipients) as recipients,
        sum(openers) as openers,
        sum(openers) between 1 and 4 or sum(others) between 1 and 4 as is_suppressed,
        row_number() over (
            partition by {{ period_start('date_day', 'month') }}
            order by sum(recipients) desc, date_day desc, message
        ) as width_rank
    from messages
    group by platform, date_day, message
),

messages_cells as (
    select
        platform,
        date_day,
        department_group,
        recipients,
        openers,
        is_suppressed
    from messages_published
    union all
    select
        platform,
        date_day,
        'All' as department_group,
        case when not is_suppressed then recipients end as recipients,
        case when not is_suppressed then openers end as openers,
        is_suppressed
    from messages_whole
),

messages_shown as (
    select
        platform,
        date_day,
        department_group,
        count(recipients) as messages,
        sum(recipients) as recipients,
        sum(openers) as openers,
        max(case when is_suppressed then 1 else 0 end) = 1 as is_suppressed
    from messages_cells
    group by platform, date_day, department_group
),

-- Different people do not add up over platforms or days: the last reading of the platform that most people
-- use stands for the month.
month_readings as (
    select
        platform,
        date_day,
        row_number() over (
            partition by {{ period_start('date_day', 'month') }}
            order by is_last_of_platform desc, active_people desc, platform
        ) as reading_rank
    from (
        select
            platform,
            date_day,
            coalesce(active_people, 0) as active_people,
            case
                when row_number() over (
                    partition by platform, {{ period_start('date_day', 'month') }} order by date_day desc
                ) = 1 then 1
                else 0
            end as is_last_of_platform
        from readings_shown
        where department_group = 'All'
    ) as last_readings
)

select
    {{ surrogate_key([
        'coalesce(readings_shown.platform, messages_shown.platform)',
        'coalesce(readings_shown.date_day, messages_shown.date_day)',
        'coalesce(readings_shown.department_group, messages_shown.department_group)',
    ]) }} as internal_comms_day_key,
    coalesce(readings_shown.date_day, messages_shown.date_day) as date_day,
    coalesce(readings_shown.platform, messages_shown.platform) as platform,
    coalesce(readings_shown.department_group, messages_shown.department_group) as department_group,
    {{ as_type('readings_shown.headcount', 'integer') }} as headcount,
    {{ as_type('readings_shown.active_people', 'integer') }} as active_people,
    coalesce(month_readings.reading_rank = 1, false) as is_month_reading,
    {{ as_type('messages_shown.messages', 'integer') }} as messages,
    {{ as_type('messages_shown.recipients', 'integer') }} as recipients,
    {{ as_type('messages_shown.openers', 'integer') }} as openers,
    widest.message is not null as is_widest_of_month,
    {{ as_type('case when not widest.is_suppressed then widest.recipients end', 'integer') }} as widest_recipients,
    {{ as_type('case when not widest.is_suppressed then widest.openers end', 'integer') }} as widest_openers,
    coalesce(readings_shown.is_suppressed, false) or coalesce(messages_shown.is_suppressed, false) as is_suppressed
from readings_shown
full outer join messages_shown
    on
        readings_shown.platform = messages_shown.platform
        and readings_shown.date_day = messages_shown.date_day
        and readings_shown.department_group = messages_shown.department_group
left join month_readings
    on
        readings_shown.platform = month_readings.platform
        and readings_shown.date_day = month_readings.date_day
left join messages_whole as widest
    on
        messages_shown.platform = widest.platform
        and messages_shown.date_day = widest.date_day
        and messages_shown.department_group = 'All'
        and widest.width_rank = 1
