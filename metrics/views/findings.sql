-- One row per finding that a person has to decide: a goal, metric, account or tool whose owner is gone, a source that is late, a goal on nothing that people do, a metric that left its limits for the worse, money without a rate, people who may be two.
select 'Goal' as kind, goal as finding,
    case owner_status when 'left' then owner || ' has left the organization'
        else 'nobody holds the role ' || replace(owner_role, '_', ' ') end as why,
    owner_role
from dashboards.goals where owner_status in ('left', 'vacant')
union all
select 'Goal', metric_label, gap_reason, owner_role from metrics.dim_goals where has_goal_gap
union all
select 'Metric', label,
    case owner_status when 'left' then coalesce(owner_name, 'its owner')
        || ' has left the organization'
        else 'nobody holds the role ' || replace(owner_role, '_', ' ') end,
    owner_role
from metrics.dim_metrics where owner_status in ('left', 'vacant')
union all
select 'Signal', metric, says || ' Since ' || strftime(signal_since, '%Y-%m-%d') || '.', owner_role
from dashboards.signals where signal = 'Signal' and verdict = 'worse'
union all
select 'Account', network || ' ' || coalesce(account, 'without a name'),
    'its owner ' || case owner_status when 'left' then 'has left' else 'is not named' end,
    owner_role
from marts.dim_accounts
where owner_status in ('left', 'vacant') and closed_on is null and ownership = 'brand'
union all
select 'Tool', tool,
    'its owner ' || case owner_status when 'left' then 'has left' else 'is not named' end,
    owner_role
from marts.dim_tools where owner_status in ('left', 'vacant')
union all
select 'Source', feed,
    case status when 'Failed' then 'could not be read: ' else 'is late: ' end
        || coalesce(nullif(reason, ''), 'no reason given'),
    owner_role
from dashboards.sources where status_order < 3
union all
select 'Money', coalesce(currency, 'amounts without a currency') || ' in ' || table_name,
    sum(rows_affected) || ' rows are in no sum: no rate within seven days before '
        || strftime(max(date_day), '%Y-%m-%d'),
    'finance_lead'
from marts.fct_missing_rates where missing = 'no_rate' group by table_name, currency
union all
select 'Identity', replace(exception_kind, '_', ' '), count(*) || ' pairs to decide', 'crm_lead'
from marts.fct_identity_exceptions
where review_status = 'open' and exception_kind in ('decision_not_honoured', 'shared_mailbox',
    'too_many_records', 'another_records_address', 'proposed', 'probable_match_applied')
group by exception_kind
order by 1, 2, 3
