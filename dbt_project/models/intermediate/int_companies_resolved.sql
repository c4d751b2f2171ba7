{# Records that share a web domain are one company, who goes by the record of the first source. A domain that
   many organizations share joins nobody. Never by name. #}
with keyed as (
    select
        companies.*,
        case when shared_domains.domain is null then companies.domain end as own_domain
    from {{ ref('int_companies_unioned') }} as companies
    left join {{ ref('shared_domains') }} as shared_domains on companies.domain = shared_domains.domain
)

select
    keyed.*,
    first_value(keyed.company_reference) over (
        partition by coalesce(keyed.own_domain, keyed.company_reference)
        order by keyed.source_rank, keyed.company_reference
    ) as company_id
from keyed
