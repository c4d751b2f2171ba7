{# Every known value lies between minimum and maximum (both included). #}
{% test accepted_range(model, column_name, minimum=none, maximum=none) %}
select {{ column_name }}
from {{ model }}
where
    {%- if minimum is not none %} {{ column_name }} < {{ minimum }}{% endif %}
    {%- if minimum is not none and maximum is not none %} or{% endif %}
    {%- if maximum is not none %} {{ column_name }} > {{ maximum }}{% endif %}
{% endtest %}
