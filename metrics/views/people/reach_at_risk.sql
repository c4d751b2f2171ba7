-- One row per quarter: how many followers hang on accounts of single people, and how many the organization may lose at the turnover of that quarter.
select
    quarter_start_date as period_start, followers_total, followers_personal,
    followers_undocumented, followers_at_risk,
    followers_at_risk / nullif(cast(followers_total as double), 0) as at_risk_share,
    accounts, accounts_documented
from main.fct_reach_at_risk
order by 1
