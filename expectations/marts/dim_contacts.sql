-- 120 contacts, every tenth a customer.
select md5(i::varchar) as contact_key, 'p' || i as contact_id, 2 as identity_keys,
    {as_of} - i::integer as created_date, i % 10 = 0 as is_customer
from range(120) as rows(i)
