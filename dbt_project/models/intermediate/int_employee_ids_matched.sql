{# By what a record names an employee: the system and its id, or the id alone where only one system has it. #}
with employees as (
    select
        employee_key,
        source_system,
        employee_id_hash
    from {{ ref('int_employees_unioned') }}
)

select
    source_system || ':' || employee_id_hash as reference,
    employee_key
from employees
union all
select
    employee_id_hash as reference,
    min(employee_key) as employee_key
from employees
group by employee_id_hash
having count(*) = 1
