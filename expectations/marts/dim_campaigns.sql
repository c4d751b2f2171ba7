-- One campaign with room in its budget.
select 'k' as campaign_key, 'c1' as campaign_id, 'Campaign' as campaign_name,
    1000000 as budget_reporting, 'demand_lead' as owner_role
