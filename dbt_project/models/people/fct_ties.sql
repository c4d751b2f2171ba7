{# Ties inside a department and across its border. Krackhardt and Stern's E-I index stands beside what it
   would be if everybody met everybody else by chance: a small department looks outward whatever it does.
   Four people make six pairs at most, so a count of fewer than seven is not shown. #}
with organization as (
    select as_of from {{ ref('int_organization') }}
),

-- Mail and chat see the same pairs: the system that sees most speaks for the quarter.
systems as (
    select
        ties.source_system,
        ties.quarter_start_date,
        row_number() over (
            partition by ties.quarter_start_date order by sum(ties.ties) desc, ties.source_system
        ) as system_rank
    from {{ ref('stg_feeds__ties') }} as ties
    cross join organization
    where ties.quarter_start_date <= organization.as_of
    group by ties.source_system, ties.quarter_start_date
),

-- A pair of departments may be told from both sides.
pairs as (
    select
        ties.quarter_start_date,
        ties.department_a,
        ties.department_b,
        max(ties.ties) as ties
    from {{ ref('stg_feeds__ties') }} as ties
    inner join systems
        on
            ties.source_system = systems.source_system
            and ties.quarter_start_date = systems.quarter_start_date
            and systems.system_rank = 1
    group by ties.quarter_start_date, ties.department_a, ties.department_b
),

ends as (
    select
        quarter_start_date,
        department_a as department,
        case when department_a = department_b then ties else 0 end as internal_ties,
        case when department_a <> department_b then ties else 0 end as external_ties
    from pairs
    union all
    select
        quarter_start_date,
        department_b as department,
        0 as internal_ties,
        ties as external_ties
    from pairs
    where department_a <> department_b
),

departments as (
    select
        quarter_start_date,
        department,
        sum(internal_ties) as internal_ties,
        sum(external_ties) as external_ties
    from ends
    group by quarter_start_date, department
),

quarter_ends as (
    select
        {{ period_start('snapshot_date', 'quarter') }} as quarter_start_date,
        max(snapshot_date) as snapshot_date
    from {{ ref('int_employee_snapshots') }}
    where not is_first_day
    group by {{ period_start('snapshot_date', 'quarter') }}
),

heads as (
    select
        quarter_ends.quarter_start_date,
        snapshots.department,
        count(*) as people,
        sum(count(*)) over (partition by quarter_ends.quarter_start_date) as people_of_all
    from quarter_ends
    inner join {{ ref('int_employee_snapshots') }} as snapshots
        on quarter_ends.snapshot_date = snapshots.snapshot_date and not snapshots.is_first_day
    group by quarter_ends.quarter_start_date, snapshots.department
),

cells as (
    select
        departments.quarter_start_date,
        coalesce(groups.department_group, 'Department not stated') as department_group,
        coalesce(sum(heads.people), 0) as people,
        sum(departments.internal_ties) as internal_ties,
        sum(departments.external_ties) as external_ties,
        -- Meetings by chance: of all that its people could have, those with colleagues of the department.
        case
            when count(heads.people) = count(*)
                then sum(heads.people * (heads.people - 1))
        end as chances_internal,
        case
            when count(heads.people) = count(*)
                then sum(heads.people * (heads.people_of_all - 1))
        end as chances
    from departments
    left join {{ ref('int_departments_grouped') }} as groups on departments.department = groups.department
    left join heads
        on
            departments.quarter_start_date = heads.quarter_start_date
            and departments.department = heads.department
    group by departments.quarter_start_date, coalesce(groups.department_group, 'Department not stated')
),

placed as (
    {{ pooled_departments('cells', 'quarter_start_date', ['people', 'internal_ties', 'external_ties'], least=7) }}
),

published as (
    select
        quarter_start_date,
        department_group,
        case when not is_pooled then people end as people,
        case when not is_pooled then internal_ties end as internal_ties,
        case when not is_pooled then external_ties end as external_ties,
        case when not is_pooled then chances_internal end as chances_internal,
        case when not is_pooled then chances end as chances,
        is_pooled as is_suppressed
    from placed
    union all
    select
        quarter_start_date,
        {{ departments_not_shown() }} as department_group,
        sum(people) as people,
        sum(internal_ties) as internal_ties,
        sum(external_ties) as external_ties,
        case when count(chances) = count(*) then sum(chances_internal) end as chances_internal,
        case when count(chances) = count(*) then sum(chances) end as chances,
        false as is_suppressed
    from placed
    where is_pooled and has_pool
    group by quarter_start_date
),

-- Of the whole organization a tie across a border is one tie, not one at each end.
totals as (
    select
        quarter_start_date,
        sum(people) as people,
        sum(internal_ties) as internal_ties,
        sum(external_ties) / 2 as external_ties,
        case when count(chances) = count(*) then sum(chances_internal) end as chances_internal,
        case when count(chances) = count(*) then sum(chances) end as chances
    from cells
    group by quarter_start_date
),

unioned as (
    select * from published
    union all
    select
        quarter_start_date,
        'All' as department_group,
        case when internal_ties >= 7 and external_ties >= 7 then people end as people,
        case when internal_ties >= 7 and external_ties >= 7 then internal_ties end as internal_ties,
        case when internal_ties >= 7 and external_ties >= 7 then external_ties end as external_ties,
        chances_internal,
        chances,
        not (internal_ties >= 7 and external_ties >= 7) as is_suppressed
    from totals
)

select
    {{ surrogate_key(['quarter_start_date', 'department_group']) }} as tie_key,
    quarter_start_date,
    department_group,
    {{ as_type('people', 'integer') }} as people,
    {{ as_type('internal_ties', 'integer') }} as internal_ties,
    {{ as_type('external_ties', 'integer') }} as external_ties,
    {{ rounded(safe_divide('external_ties - internal_ties', '(external_ties + internal_ties)'), 6) }} as ei_index,
    case
        when not is_suppressed
            then {{ rounded('1 - 2 * ' ~ safe_divide('chances_internal', 'chances'), 6) }}
    end as ei_index_by_chance,
    is_suppressed
from unioned
