{# A department's hours and cost are sums over all its people, also those without a training; how many
   hold a social training is a count of people and follows the rule for cells. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

snapshots as (
    select * from {{ ref('int_employee_snapshots') }}
    where not is_first_day
),

trainings as (
    select * from {{ ref('int_trainings_unioned') }}
),

-- The base of a quarter: who works here on its last day that we count.
quarter_ends as (
    select
        {{ period_start('snapshot_date', 'quarter') }} as quarter_start_date,
        max(snapshot_date) as snapshot_date
    from snapshots
    group by {{ period_start('snapshot_date', 'quarter') }}
),

members as (
    select
        quarter_ends.quarter_start_date,
        quarter_ends.snapshot_date,
        groups.department_group,
        snapshots.employee_key
    from quarter_ends
    inner join snapshots on quarter_ends.snapshot_date = snapshots.snapshot_date
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
),

social_holders as (
    select distinct
        members.quarter_start_date,
        members.employee_key
    from members
    inner join trainings
        on
            members.employee_key = trainings.employee_key
            and trainings.completed_on <= members.snapshot_date
            and (trainings.valid_until is null or trainings.valid_until >= members.snapshot_date)
    where trainings.is_social
),

departments as (
    select
        members.quarter_start_date,
        members.department_group,
        count(*) as people,
        count(social_holders.employee_key) as trained_in_social,
        count(*) - count(social_holders.employee_key) as not_trained_in_social
    from members
    left join social_holders
        on
            members.quarter_start_date = social_holders.quarter_start_date
            and members.employee_key = social_holders.employee_key
    group by members.quarter_start_date, members.department_group
),

placed as (
    {{ pooled_departments(
        'departments', 'quarter_start_date', ['people', 'trained_in_social', 'not_trained_in_social']
    ) }}
),

-- Who left since has trained too: the department is the one of that day.
taken as (
    select
        {{ period_start('trainings.completed_on', 'quarter') }} as quarter_start_date,
        groups.department_group,
        case when count(trainings.hours) = count(*) then {{ sum_number('trainings.hours') }} end as training_hours,
        case when count(trainings.cost_reporting) = count(*) then sum(trainings.cost_reporting) end
            as training_cost_reporting
    from trainings
    inner join {{ ref('int_employee_departments') }} as departments
        on
            trainings.employee_key = departments.employee_key
            and (departments.span_from is null or departments.span_from <= trainings.completed_on)
            and (departments.span_to is null or departments.span_to > trainings.completed_on)
    inner join {{ ref('int_departments_grouped') }} as groups on departments.department = groups.department
    cross join organization
    where trainings.completed_on <= organization.as_of
    group by {{ period_start('trainings.completed_on', 'quarter') }}, groups.department_group
),

-- Trainings of the whole organization: a quarter within their days and without one has none.
known_quarters as (
    select
        min(quarter_start_date) as first_quarter,
        max(quarter_start_date) as last_quarter
    from taken
),

published as (
    select
        placed.quarter_start_date,
        placed.department_group,
        case when placed.people >= 5 then placed.people end as people,
        case
            when placed.people < 5 then null
            when taken.department_group is not null then taken.training_hours
            when placed.quarter_start_date between known_quarters.first_quarter and known_quarters.last_quarter then 0
        end as training_hours,
        case
            when placed.people < 5 then null
            when taken.department_group is not null then taken.training_cost_reporting
            when placed.quarter_start_date between known_quarters.first_quarter and known_quarters.last_quarter then 0
        end as training_cost_reporting,
        case
            when not placed.is_pooled and known_quarters.first_quarter is not null then placed.trained_in_social
        end as trained_in_social,
        placed.is_pooled as is_suppressed
    from placed
    cross join known_quarters
    left join taken
        on
            placed.quarter_start_date = taken.quarter_start_date
            and placed.department_group = taken.department_group
    union all
    select
        quarter_start_date,
        {{ departments_not_shown() }} as department_group,
        {{ unknown('integer') }} as people,
        {{ unknown('number') }} as training_hours,
        {{ unknown('money') }} as training_cost_reporting,
        sum(trained_in_social) as trained_in_social,
        false as is_suppressed
    from placed
    where is_pooled and has_pool
    group by quarter_start_date
)

select
    {{ surrogate_key(['quarter_start_date', 'department_group']) }} as training_quarter_key,
    quarter_start_date,
    department_group,
    {{ as_type('people', 'integer') }} as people,
    {{ as_type('training_hours', 'number') }} as training_hours,
    {{ as_type('training_cost_reporting', 'money') }} as training_cost_reporting,
    {{ as_type('trained_in_social', 'integer') }} as trained_in_social,
    is_suppressed
from published
