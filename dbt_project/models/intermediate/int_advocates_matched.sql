{# Employees who shared something for us by their own choice, month by month: posts of opted-in employee
   accounts, tied to the employee by hashed e-mail. #}
select
    {{ period_start('posts.published_date', 'month') }} as month_start_date,
    employees.employee_key,
    count(distinct posts.post_reference) as posts
from (
    select
        captures.network || ':' || captures.post_id as post_reference,
        captures.account_id,
        max({{ to_local_date('captures.published_at', 'accounts.time_zone') }}) as published_date,
        accounts.owner_email_hash
    from {{ ref('int_post_captures_unioned') }} as captures
    inner join {{ ref('int_accounts_registered') }} as accounts on captures.account_id = accounts.account_id
    where accounts.ownership = 'employee' and accounts.is_opted_in
    group by captures.network, captures.post_id, captures.account_id, accounts.owner_email_hash
) as posts
inner join {{ ref('int_employees_unioned') }} as employees on posts.owner_email_hash = employees.email_hash
where posts.published_date between employees.employed_from and employees.employed_to
group by {{ period_start('posts.published_date', 'month') }}, employees.employee_key
