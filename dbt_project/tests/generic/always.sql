{# The expression is true, or unknown, in every row. #}
{% test always(model, expression) %}
select *
from {{ model }}
where not ({{ expression }})
{% endtest %}
