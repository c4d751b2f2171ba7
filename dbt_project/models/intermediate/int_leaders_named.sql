{# Who may answer as a leader: by name somebody who leads people or holds one of the organization's roles. #}
select distinct leaders.email_hash
from (
    select managers.email_hash
    from {{ ref('stg_bamboohr__employees') }} as led
    inner join {{ ref('stg_bamboohr__employees') }} as managers on led.manager_id_hash = managers.employee_id_hash
    union all
    select managers.email_hash
    from {{ ref('stg_feeds__employees') }} as led
    inner join {{ ref('stg_feeds__employees') }} as managers
        on led.source_system = managers.source_system and led.manager_id_hash = managers.employee_id_hash
    union all
    select email_hash from {{ ref('stg_feeds__owners') }}
) as leaders
where leaders.email_hash is not null
