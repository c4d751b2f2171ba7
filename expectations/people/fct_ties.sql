-- Two groups and all, four quarters.
select md5(g || '-' || i) as tie_key,
    (date_trunc('quarter', {as_of}) - to_months((3 * i)::integer))::date as quarter_start_date,
    g as department_group, n as people, ties as internal_ties, 40 as external_ties,
    (40 - ties) / (40.0 + ties) as ei_index, 0.05 as ei_index_by_chance, false as is_suppressed
from (values ('Sales', 10, 30), ('Plant', 10, 30), ('All', 20, 60)) as groups(g, n, ties), range(4) as quarters(i)
