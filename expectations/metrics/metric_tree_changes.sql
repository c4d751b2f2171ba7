-- A change of 20 in two parts.
select 'sales' as tree_id, 'revenue' as explained_node, 'quarter' as grain,
    {year_ago} as period_from, {quarter_ago} as period_to, place, depth, node_id,
    value_from::double as value_from, value_to::double as value_to,
    contribution::double as contribution, depth = 1 as is_leaf
from (values (0, 0, 'revenue', 100, 120, 20), (1, 1, 'deals', 10, 11, 9), (2, 1, 'price', 10, 11, 11))
    as steps(place, depth, node_id, value_from, value_to, contribution)
