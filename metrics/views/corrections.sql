-- One row per table and month of the event: figures that a source corrected after it had first reported them. Both versions are kept in marts.fct_restatements.
select
    cast(date_trunc('month', event_date) as date) as period_start, table_name as checked_table,
    count(*) as corrected_figures, max(cast(corrected_at as date)) as last_corrected
from marts.fct_restatements
group by 1, 2
order by 1, 2
