{# Quarters are added up until a figure describes five people: a quarter with fewer is held back and stands
   in the next one that has enough, which says from when it counts. Nothing is lost and nothing that was
   published is changed by what comes later. Hires and leavers are released together, because the head count
   shows their difference; leavers are told apart by reason only in quarters in which all leavers are
   released, so that no quarter can be had by subtraction. Who moves twice counts once for the five. #}
with recursive organization as (
    select as_of from {{ ref('int_organization') }}
),

averages as (
    select
        {{ period_start('month_start_date', 'quarter') }} as quarter_start_date,
        sum(people) * 1.0 / count(*) as average_headcount,
        min(people) as fewest_people
    from (
        select
            month_start_date,
            is_first_day,
            count(*) as people
        from {{ ref('int_employee_snapshots') }}
        group by month_start_date, is_first_day
    ) as snapshots
    group by {{ period_start('month_start_date', 'quarter') }}
),

quarters as (
    select
        averages.quarter_start_date,
        averages.average_headcount,
        averages.fewest_people,
        row_number() over (order by averages.quarter_start_date) as quarter_number
    from averages
    cross join organization
    -- A quarter is told when it is over.
    where cast({{ dbt.dateadd('month', 3, 'averages.quarter_start_date') }} as date) <= {{ add_days('organization.as_of', 1) }}
        -- Where HR dates no hire and no leaver at all, moves are unknown, not none.
        and exists (select 1 from {{ ref('int_moves_unioned') }})
),

counted as (
    select
        quarters.quarter_number,
        quarters.quarter_start_date,
        {%- for kind in ['hire', 'leave', 'transfer', 'promotion'] %}
        count(case when moves.kind = '{{ kind }}' then 1 end) as {{ kind }}s,
        count(case when moves.kind = '{{ kind }}' and moves.is_first_of_person then 1 end) as {{ kind }}_people,
        {%- endfor %}
        count(case when moves.kind = 'leave' and moves.is_voluntary then 1 end) as voluntary,
        count(case when moves.kind = 'leave' and moves.is_voluntary and moves.is_first_of_person then 1 end)
            as voluntary_people,
        count(case when moves.kind = 'leave' and not moves.is_voluntary then 1 end) as involuntary,
        count(case when moves.kind = 'leave' and not moves.is_voluntary and moves.is_first_of_person then 1 end)
            as involuntary_people,
        count(case when moves.kind = 'leave' and moves.is_voluntary is null then 1 end) as untold,
        count(case when moves.kind = 'leave' and moves.is_voluntary is null and moves.is_first_of_person then 1 end)
            as untold_people
    from quarters
    left join {{ ref('int_moves_unioned') }} as moves on quarters.quarter_start_date = moves.quarter_start_date
    group by quarters.quarter_number, quarters.quarter_start_date
),
{% set counts = [
    'hires', 'hire_people', 'leaves', 'leave_people', 'transfers', 'transfer_people', 'promotions',
    'promotion_people', 'voluntary', 'voluntary_people', 'involuntary', 'involuntary_people', 'untold',
    'untold_people',
] -%}
{%- set clocks = {
    'flow': ['hires', 'hire_people', 'leaves', 'leave_people'],
    'transfer': ['transfers', 'transfer_people'],
    'promotion': ['promotions', 'promotion_people'],
    'reason': ['voluntary', 'voluntary_people', 'involuntary', 'involuntary_people', 'untold', 'untold_people'],
} -%}
running as (
    select
        counted.quarter_number,
        {%- for clock in clocks %}
        counted.quarter_start_date as {{ clock }}_from,
        {%- endfor %}
        {%- for count in counts %}
        counted.{{ count }},
        {%- endfor %}
        {{- moves_released('counted') }}
    from counted
    where counted.quarter_number = 1
    union all
    select
        carried.quarter_number,
        {%- for clock in clocks %}
        carried.{{ clock }}_from,
        {%- endfor %}
        {%- for count in counts %}
        carried.{{ count }},
        {%- endfor %}
        {{- moves_released('carried') }}
    from (
        select
            counted.quarter_number,
            {%- for clock, members in clocks.items() %}
            case when running.is_{{ clock }}_told then counted.quarter_start_date else running.{{ clock }}_from end
                as {{ clock }}_from,
            {%- for count in members %}
            counted.{{ count }} + case when running.is_{{ clock }}_told then 0 else running.{{ count }} end as {{ count }}
            {%- if not loop.last %},{% endif %}
            {%- endfor %}
            {%- if not loop.last %},{% endif %}
            {%- endfor %}
        from running
        inner join counted on running.quarter_number + 1 = counted.quarter_number
    ) as carried
),

kinds as (
    {%- for kind, clock, count in [
        ('hire', 'flow', 'hires'), ('leave', 'flow', 'leaves'), ('transfer', 'transfer', 'transfers'),
        ('promotion', 'promotion', 'promotions'), ('leave_voluntary', 'reason', 'voluntary'),
        ('leave_involuntary', 'reason', 'involuntary'), ('leave_untold', 'reason', 'untold'),
    ] %}
    select
        quarter_number,
        '{{ kind }}' as kind,
        {{ clock }}_from as counts_from,
        {{ count }} as people,
        is_{{ clock }}_told as is_told
    from running
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    {{ surrogate_key(['quarters.quarter_start_date', 'kinds.kind']) }} as move_key,
    quarters.quarter_start_date as period_start,
    kinds.kind,
    case when kinds.is_told and quarters.fewest_people >= 5 then kinds.counts_from end as counts_from,
    {{ as_type('case when kinds.is_told and quarters.fewest_people >= 5 then kinds.people end', 'integer') }}
        as people,
    not (kinds.is_told and quarters.fewest_people >= 5) as is_suppressed,
    {{ as_type('case when quarters.fewest_people >= 5 then quarters.average_headcount end', 'number') }}
        as average_headcount
from kinds
inner join quarters on kinds.quarter_number = quarters.quarter_number
