{# Totals are conserved: the sum of each expression here is the sum of its partner in `to`.
   columns: {expression here: expression there}; tolerance is absolute. An unknown total equals only an unknown one. #}
{% test conserved_sums(model, to, columns, where=none, to_where=none, tolerance=0) %}
with here as (
    select
        {%- for expression in columns %}
        sum({{ expression }}) as total_{{ loop.index }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ model }}
    {% if where %}where {{ where }}{% endif %}
),

there as (
    select
        {%- for expression in columns.values() %}
        sum({{ expression }}) as total_{{ loop.index }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ to }}
    {% if to_where %}where {{ to_where }}{% endif %}
)

select *
from here
cross join there
where
    {%- for expression in columns %}
    (here.total_{{ loop.index }} is null) <> (there.total_{{ loop.index }} is null)
    or abs(here.total_{{ loop.index }} - there.total_{{ loop.index }}) > {{ tolerance }}
    {%- if not loop.last %} or{% endif %}
    {%- endfor %}
{% endtest %}
