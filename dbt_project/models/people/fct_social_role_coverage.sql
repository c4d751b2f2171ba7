{# A role on paper covers nothing: whoever holds it must have a social training that is valid and have done
   social work in the last 90 days. Told of the whole organization only, and not when fewer than five people
   hold up all of it. #}
with snapshots as (
    select * from {{ ref('int_employee_snapshots') }}
    where not is_first_day
),

quarter_ends as (
    select
        {{ period_start('snapshot_date', 'quarter') }} as quarter_start_date,
        max(snapshot_date) as snapshot_date
    from snapshots
    group by {{ period_start('snapshot_date', 'quarter') }}
),

trained as (
    select
        employee_key,
        completed_on,
        valid_until
    from {{ ref('int_trainings_unioned') }}
    where is_social and employee_key is not null
),

active as (
    select * from {{ ref('int_social_work_days') }}
),

known_days as (
    select
        min(active_on) as first_day,
        max(active_on) as last_day
    from active
),

first_trainings as (
    select min(completed_on) as first_day from trained
),

holders as (
    select distinct
        quarter_ends.quarter_start_date,
        snapshots.department,
        snapshots.employee_key
    from quarter_ends
    inner join snapshots on quarter_ends.snapshot_date = snapshots.snapshot_date
    inner join trained
        on
            snapshots.employee_key = trained.employee_key
            and trained.completed_on <= quarter_ends.snapshot_date
            and (trained.valid_until is null or trained.valid_until >= quarter_ends.snapshot_date)
    inner join active
        on
            snapshots.email_hash = active.email_hash
            and active.active_on <= quarter_ends.snapshot_date
            and active.active_on > {{ add_days('quarter_ends.snapshot_date', -90) }}
    where snapshots.social_role in ('functional', 'strategic')
),

holder_counts as (
    select
        holders.quarter_start_date,
        count(*) as people,
        count(distinct groups.department_group) as departments_covered
    from holders
    inner join {{ ref('int_departments_grouped') }} as groups on holders.department = groups.department
    group by holders.quarter_start_date
),

departments as (
    select
        quarter_ends.quarter_start_date,
        quarter_ends.snapshot_date,
        count(distinct groups.department_group) as departments
    from quarter_ends
    inner join snapshots on quarter_ends.snapshot_date = snapshots.snapshot_date
    inner join {{ ref('int_departments_grouped') }} as groups on snapshots.department = groups.department
    group by quarter_ends.quarter_start_date, quarter_ends.snapshot_date
),

checked as (
    select
        departments.quarter_start_date,
        departments.departments,
        -- Before the first record and long after the last one nobody knows who was trained or active.
        coalesce(
            first_trainings.first_day <= departments.snapshot_date
            and known_days.first_day <= departments.snapshot_date
            and known_days.last_day > {{ add_days('departments.snapshot_date', -90) }},
            false
        ) as is_known,
        coalesce(holder_counts.people, 0) as people,
        coalesce(holder_counts.departments_covered, 0) as departments_covered
    from departments
    cross join known_days
    cross join first_trainings
    left join holder_counts on departments.quarter_start_date = holder_counts.quarter_start_date
)

select
    {{ surrogate_key(['quarter_start_date']) }} as role_coverage_key,
    quarter_start_date,
    {{ as_type('departments', 'integer') }} as departments,
    {{ as_type('case when is_known and (people = 0 or people >= 5) then departments_covered end', 'integer') }}
        as departments_covered,
    {{ as_type('case when is_known and (people = 0 or people >= 5) then people end', 'integer') }} as people,
    is_known and people between 1 and 4 as is_suppressed
from checked
