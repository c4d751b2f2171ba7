-- One platform, two groups and all, six readings.
select md5(g || '-' || i) as internal_comms_day_key, {as_of} - (30 * i)::integer as date_day, 'intranet' as platform,
    g as department_group, 40 as headcount, 28 as active_people, true as is_month_reading, 1 as messages,
    40 as recipients, 22 as openers, false as is_suppressed
from (values ('Sales'), ('Plant'), ('All')) as groups(g), range(6) as readings(i)
