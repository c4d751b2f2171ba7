-- Sixty people with an address and a CRM record, forty browsers of nobody.
select md5(kind || i) as identity_key, 'web' as system, kind as key_kind,
    case when kind <> 'visitor' then 'p' || i end as contact_id,
    case when kind <> 'visitor' then 0.99 end as confidence, {month_ago} as first_seen_at,
    {yesterday} as last_seen_at, 3 as times_seen
from range(60) as rows(i), (values ('email'), ('crm_id'), ('visitor')) as kinds(kind)
where kind <> 'visitor' or i < 40
