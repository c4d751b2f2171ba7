{# No figure about people describes fewer than five of them (surveys: ten), directly or by subtraction.
   A cell that is too small is never just left out of a total that stands elsewhere: the difference shows it. #}

{# Cells of a published total: true for those that must not be shown. Beside every cell of 1 .. least - 1
   the next smallest are hidden, until two cells or more and `least` people are hidden together and no
   hidden cell can be narrowed to fewer than five values (n cells of n people are one each). Empty cells
   hide nothing. Where all cells together do not suffice, the total must go too: see hidden_total. #}
{% macro hidden_cells(people, total_of, cell, least=5) -%}
    {%- set cells_window = 'partition by ' ~ total_of ~ ' ' ~ plumbline._smallest_first(people, cell, least) -%}
    {%- set before = cells_window ~ ' rows between unbounded preceding and 1 preceding' -%}
    (
        coalesce({{ people }}, 0) > 0
        and sum({{ plumbline._is_small(people, least) }}) over (partition by {{ total_of }}) > 0
        and (
            {{ people }} < {{ least }}
            or row_number() over ({{ cells_window }}) <= 2
            or sum({{ people }}) over ({{ before }}) < {{ least }}
            or sum({{ people }}) over ({{ before }}) < row_number() over ({{ cells_window }}) + 3
        )
    )
{%- endmacro %}

{% macro _smallest_first(people, cell, least) -%}
    order by
        case when coalesce({{ people }}, 0) = 0 then 3 when {{ people }} < {{ least }} then 1 else 2 end,
        {{ people }},
        {{ cell }}
{%- endmacro %}

{% macro _is_small(people, least) -%}
    case when {{ people }} between 1 and {{ least }} - 1 then 1 else 0 end
{%- endmacro %}

{# Whether a total must be hidden because its hidden cells could be told from it; an aggregate over cells. #}
{% macro hidden_total(people, is_hidden, least=5) -%}
    (
        sum({{ people }}) < {{ least }}
        or (
            sum(case when {{ is_hidden }} then 1 else 0 end) = 1
            or (
                sum(case when {{ is_hidden }} then 1 else 0 end) > 1
                and (
                    sum(case when {{ is_hidden }} then {{ people }} end) < {{ least }}
                    or sum(case when {{ is_hidden }} then {{ people }} - 1 end) < 4
                )
            )
        )
    )
{%- endmacro %}

{# Departments whose cells are too small are shown together as one. `cells` names a CTE with one row per
   `period` and department_group, and people; `counts` are the columns each of which must be empty or at
   least `least`. All columns of `cells` come back with is_pooled (the department does not stand alone) and
   has_pool (the departments together can be shown). The pool takes the departments with a small cell and
   then the next smallest ones, at least two, until every count of it is empty or large enough. #}
{% macro pooled_departments(cells, period, counts, least=5) -%}
    select
        ranked.*,
        ranked.small_cells > 0 and (pools.pool_size is null or ranked.pool_rank <= pools.pool_size) as is_pooled,
        pools.pool_size is not null as has_pool
    from (
        select
            checked.*,
            row_number() over (
                partition by checked.{{ period }}
                order by checked.is_small desc, checked.people, checked.department_group
            ) as pool_rank,
            sum(checked.is_small) over (partition by checked.{{ period }}) as small_cells
        from ({{ _checked_cells(cells, counts, least) }}) as checked
    ) as ranked
    left join (
        select
            running.{{ period }},
            min(running.pool_rank) as pool_size
        from (
            select
                checked.{{ period }},
                {%- for count in counts %}
                sum(checked.{{ count }}) over ({{ _pool_window(period) }}) as {{ count }}_together,
                {%- endfor %}
                row_number() over (
                    partition by checked.{{ period }}
                    order by checked.is_small desc, checked.people, checked.department_group
                ) as pool_rank,
                sum(checked.is_small) over (partition by checked.{{ period }}) as small_cells
            from ({{ _checked_cells(cells, counts, least) }}) as checked
        ) as running
        where
            running.pool_rank >= running.small_cells
            and running.pool_rank >= 2
            {%- for count in counts %}
            and (running.{{ count }}_together = 0 or running.{{ count }}_together >= {{ least }})
            {%- endfor %}
        group by running.{{ period }}
    ) as pools
        on ranked.{{ period }} = pools.{{ period }}
{%- endmacro %}

{% macro _checked_cells(cells, counts, least) -%}
    select
        {{ cells }}.*,
        case
            when
                {%- for count in counts %}
                {{ cells }}.{{ count }} between 1 and {{ least }} - 1{% if not loop.last %} or{% endif %}
                {%- endfor %}
                then 1
            else 0
        end as is_small
    from {{ cells }}
{%- endmacro %}

{% macro _pool_window(period) -%}
    partition by checked.{{ period }}
    order by checked.is_small desc, checked.people, checked.department_group
    rows between unbounded preceding and current row
{%- endmacro %}

{# What pooled_departments made, as it may be read: departments that stand alone with their counts, pooled
   ones without (is_suppressed), and the pool as one department. `by`: the other columns of a row's key;
   `counts` add up, `numbers` too but are not whole. #}
{% macro published_departments(placed, by, counts, numbers=[]) -%}
    select
        {{ by | join(', ') }},
        department_group,
        {%- for amount in counts + numbers %}
        case when not is_pooled then {{ amount }} end as {{ amount }},
        {%- endfor %}
        is_pooled as is_suppressed
    from {{ placed }}
    union all
    select
        {{ by | join(', ') }},
        {{ plumbline.departments_not_shown() }} as department_group,
        {%- for amount in counts %}
        sum({{ amount }}) as {{ amount }},
        {%- endfor %}
        {%- for amount in numbers %}
        {{ plumbline.sum_number(amount) }} as {{ amount }},
        {%- endfor %}
        false as is_suppressed
    from {{ placed }}
    where is_pooled and has_pool
    group by {{ by | join(', ') }}
{%- endmacro %}

{# The name under which pooled departments stand. #}
{% macro departments_not_shown() -%}
    'Departments not shown'
{%- endmacro %}

{# The day under which a survey's wave stands: the first of the year, half or quarter that it names
   (2026, 2026-H1, 2026-Q3, 2026-05), else the first of the month of its first answer: never anybody's day. #}
{% macro wave_date(wave, first_answered_on) -%}
    coalesce(
        case
            when substr({{ wave }}, 5, 2) = '-H'
                then {{ try_to("substr(" ~ wave ~ ", 1, 4) || case substr(" ~ wave ~ ", 7, 1) when '1' then '-01-01' when '2' then '-07-01' end", 'date') }}
            when substr({{ wave }}, 5, 2) = '-Q'
                then {{ try_to("substr(" ~ wave ~ ", 1, 4) || case substr(" ~ wave ~ ", 7, 1) when '1' then '-01-01' when '2' then '-04-01' when '3' then '-07-01' when '4' then '-10-01' end", 'date') }}
            when length({{ wave }}) = 4 then {{ try_to(wave ~ " || '-01-01'", 'date') }}
            when length({{ wave }}) = 7 then {{ try_to(wave ~ " || '-01'", 'date') }}
        end,
        {{ period_start(first_answered_on, 'month') }}
    )
{%- endmacro %}

{# Which of a quarter's moves may be told, as columns of fct_moves: none at all or five people and more.
   Hires and leavers together; leavers by reason only when all leavers are told. `row` names the sums. #}
{% macro moves_released(row) %}
        {{ plumbline._none_or_five(row, 'hires', 'hire_people') }}
        and {{ plumbline._none_or_five(row, 'leaves', 'leave_people') }} as is_flow_told,
        {{ plumbline._none_or_five(row, 'transfers', 'transfer_people') }} as is_transfer_told,
        {{ plumbline._none_or_five(row, 'promotions', 'promotion_people') }} as is_promotion_told,
        {{ plumbline._none_or_five(row, 'hires', 'hire_people') }}
        and {{ plumbline._none_or_five(row, 'leaves', 'leave_people') }}
        and {{ plumbline._none_or_five(row, 'voluntary', 'voluntary_people') }}
        and {{ plumbline._none_or_five(row, 'involuntary', 'involuntary_people') }}
        and {{ plumbline._none_or_five(row, 'untold', 'untold_people') }} as is_reason_told
{%- endmacro %}

{% macro _none_or_five(row, moves, people) -%}
    ({{ row }}.{{ moves }} = 0 or {{ row }}.{{ people }} >= 5)
{%- endmacro %}
