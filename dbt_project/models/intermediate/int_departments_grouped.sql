{# Which departments may stand alone, over the whole history at once: a group that changed from month to
   month could be subtracted from itself. A department of fewer than five people on any day that we count
   joins 'Other departments'; if these are together fewer than five on some day, the next smallest joins. #}
with headcounts as (
    select
        snapshot_date,
        is_first_day,
        department,
        count(distinct employee_key) as people
    from {{ ref('int_employee_snapshots') }}
    group by snapshot_date, is_first_day, department
),

departments as (
    select
        department,
        min(people) as fewest_people
    from headcounts
    group by department
),

ranked as (
    select
        department,
        fewest_people,
        row_number() over (order by fewest_people, department) as size_rank,
        sum(case when fewest_people < 5 then 1 else 0 end) over () as small_departments
    from departments
),

days as (
    select distinct
        snapshot_date,
        is_first_day
    from headcounts
),

-- The pool of the r smallest departments, day by day; 0 where none of them exists.
pool_days as (
    select
        ranked.size_rank,
        sum(coalesce(headcounts.people, 0)) over (
            partition by days.snapshot_date, days.is_first_day
            order by ranked.size_rank
            rows between unbounded preceding and current row
        ) as people
    from ranked
    cross join days
    left join headcounts
        on
            ranked.department = headcounts.department
            and days.snapshot_date = headcounts.snapshot_date
            and days.is_first_day = headcounts.is_first_day
),

pools as (
    select
        size_rank,
        min(nullif(people, 0)) as fewest_people
    from pool_days
    group by size_rank
),

pool as (
    select
        ranked.small_departments,
        -- Where no pool is large enough, everybody is in one.
        coalesce(
            min(case
                when pools.size_rank >= ranked.small_departments and pools.fewest_people >= 5 then pools.size_rank
            end),
            max(pools.size_rank)
        ) as size_rank
    from ranked
    inner join pools on ranked.size_rank = pools.size_rank
    group by ranked.small_departments
)

select
    ranked.department,
    case
        when ranked.small_departments > 0 and ranked.size_rank <= pool.size_rank then 'Other departments'
        else ranked.department
    end as department_group,
    not (ranked.small_departments > 0 and ranked.size_rank <= pool.size_rank) as has_own_group
from ranked
cross join pool
