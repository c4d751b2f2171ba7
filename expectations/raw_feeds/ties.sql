-- Three departments, one quarter.
select 'mail' as system, date_trunc('quarter', {as_of})::date as quarter_start, 'dep' || a as department_a,
    'dep' || b as department_b, 40 as ties
from range(3) as one(a), range(3) as other(b) where a <= b
