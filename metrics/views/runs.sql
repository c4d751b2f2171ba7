-- One row per run and step: how it ended, how long it took, how many rows it handled.
select
    s.run_id, cast(r.started_at as date) as run_date, r.as_of, r.command, s.step,
    upper(left(s.status, 1)) || substr(s.status, 2) as status, s.started_at, s.seconds, s.rows,
    s.run_id = p.run_id as is_served
from ops.steps as s
join ops.runs as r on s.run_id = r.run_id
cross join ops.publication as p
order by s.started_at desc, s.step
