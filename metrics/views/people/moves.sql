-- One row per quarter and kind of move, for the whole organization. Where fewer than five people moved, quarters are told together from counts_from on; a null is told later.
select
    period_start, kind as move_code,
    case kind when 'hire' then 'Joined' when 'leave' then 'Left'
        when 'leave_voluntary' then 'Left by choice' when 'leave_involuntary' then 'Was let go'
        when 'leave_untold' then 'Left, reason not told' when 'promotion' then 'Promoted'
        when 'transfer' then 'Changed department' else replace(kind, '_', ' ') end as move,
    counts_from, people, average_headcount,
    case when is_suppressed then 'withheld' else 'shown' end as privacy
from main.fct_moves
order by 1, 2
