-- One geography, forty weeks of television.
select md5(i::varchar) as mmm_week_key, 'DE' as geography,
    date_trunc('week', {as_of})::date - (7 * i)::integer as week_start_date,
    100000 as revenue_reporting, 9 as leads_qualified, 500 as spend_tv, 0 as spend_radio, 0 as spend_print,
    0 as spend_out_of_home, 0 as spend_direct_mail, 0 as spend_events, 0 as spend_paid_social,
    0 as spend_paid_search, 0 as spend_display, 0 as spend_email
from range(40) as rows(i)
