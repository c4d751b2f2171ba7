{# Connected components of a bipartite graph, as CTEs. `links` is a CTE with a number `node` and a `link_key`;
   nodes that share a key are one component. The last CTE, `components`, has one row a node with the smallest
   number of its component as `component`. In a round every group of nodes with one label hooks on to the
   smallest label that its keys touch, then every label takes that of its label four times over (hooking and
   shortcutting, Shiloach and Vishkin 1982), which flattens sixteen hooks in a row. Unrolled, because engines differ in recursion; whether the rounds
   sufficed is a test of the model, never a hope. #}
{% macro connected_components(links, rounds) -%}
    labels_0 as (
        select
            node,
            node as label
        from {{ links }}
        group by node
    ),
    {%- for number in range(1, rounds + 1) %}

    keys_{{ number }} as (
        select
            links.link_key,
            min(labels.label) as label
        from {{ links }} as links
        inner join labels_{{ number - 1 }} as labels on links.node = labels.node
        group by links.link_key
    ),

    hooks_{{ number }} as (
        select
            labels.label,
            min(touched.label) as parent
        from {{ links }} as links
        inner join labels_{{ number - 1 }} as labels on links.node = labels.node
        inner join keys_{{ number }} as touched on links.link_key = touched.link_key
        group by labels.label
    ),

    {%- for jump in range(1, 5) %}

    jumps_{{ number }}_{{ jump }} as (
        select
            below.label,
            above.parent
        from {{ 'hooks_' ~ number if jump == 1 else 'jumps_' ~ number ~ '_' ~ (jump - 1) }} as below
        inner join {{ 'hooks_' ~ number if jump == 1 else 'jumps_' ~ number ~ '_' ~ (jump - 1) }} as above
            on below.parent = above.label
    ),
    {%- endfor %}

    labels_{{ number }} as (
        select
            labels.node,
            jumps.parent as label
        from labels_{{ number - 1 }} as labels
        inner join jumps_{{ number }}_4 as jumps on labels.label = jumps.label
    ),
    {%- endfor %}

    components as (
        select
            node,
            label as component
        from labels_{{ rounds }}
    )
{%- endmacro %}

{# The order in which records lend a person their name: the first source, the oldest record. #}
{% macro leading_record(records) -%}
    {{ records }}.source_rank,
    case when {{ records }}.created_at is null then 1 else 0 end,
    {{ records }}.created_at,
    {{ records }}.contact_reference
{%- endmacro %}
