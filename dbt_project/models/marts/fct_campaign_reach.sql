{# Reach over channels is an interval, never a sum: at least the largest channel (and, by Bonferroni's
   inequality, the sum less what each pair has in common), at most everybody once, or the universe. #}
with reported as (
    select
        campaigns.campaign_id,
        windows.window_days,
        windows.window_end_date,
        windows.network,
        -- Accounts of one network overlap as channels do.
        max(windows.reach_people) as reach_least,
        sum(windows.reach_people) as reach_most,
        max(windows.universe_people) as universe_people
    from {{ ref('stg_feeds__reach_windows') }} as windows
    inner join {{ ref('int_campaigns_resolved') }} as campaigns on trim(windows.campaign_text) = campaigns.campaign_text
    where windows.post_id is null and windows.reach_people is not null
    group by campaigns.campaign_id, windows.window_days, windows.window_end_date, windows.network
),

measured as (
    select
        campaigns.campaign_id,
        pairs_told.window_days,
        pairs_told.window_end_date,
        pairs_told.network_a,
        pairs_told.network_b,
        max(pairs_told.overlap_people) as overlap_people
    from {{ ref('stg_feeds__reach_overlaps') }} as pairs_told
    inner join {{ ref('int_campaigns_resolved') }} as campaigns on trim(pairs_told.campaign_text) = campaigns.campaign_text
    where pairs_told.network_a <> pairs_told.network_b
    group by
        campaigns.campaign_id, pairs_told.window_days, pairs_told.window_end_date, pairs_told.network_a, pairs_told.network_b
),

-- A pair that nobody measured may be one inside the other: its overlap counts as the smaller reach.
pairs as (
    select
        one.campaign_id,
        one.window_days,
        one.window_end_date,
        count(*) as pairs,
        count(measured.overlap_people) as pairs_measured,
        sum(least(coalesce(measured.overlap_people, one.reach_most), one.reach_most, other.reach_most))
            as overlap_people
    from reported as one
    inner join reported as other
        on
            one.campaign_id = other.campaign_id
            and one.window_days = other.window_days
            and one.window_end_date = other.window_end_date
            and one.network < other.network
    left join measured
        on
            one.campaign_id = measured.campaign_id
            and one.window_days = measured.window_days
            and one.window_end_date = measured.window_end_date
            and one.network = measured.network_a
            and other.network = measured.network_b
    group by one.campaign_id, one.window_days, one.window_end_date
),

bounds as (
    select
        campaign_id,
        window_days,
        window_end_date,
        count(*) as channels,
        max(reach_least) as largest,
        sum(reach_least) as gross_least,
        sum(reach_most) as gross_most,
        -- Of several universes the largest holds everybody; one that is not told may be larger still.
        case when count(universe_people) = count(*) then max(universe_people) end as universe_people
    from reported
    group by campaign_id, window_days, window_end_date
)

select
    {{ surrogate_key(['bounds.campaign_id', 'bounds.window_days', 'bounds.window_end_date']) }} as campaign_reach_key,
    bounds.campaign_id,
    bounds.window_days,
    bounds.window_end_date,
    {{ as_type('bounds.channels', 'integer') }} as channels,
    {{ as_type(
        'greatest(bounds.largest, bounds.gross_least - coalesce(pairs.overlap_people, 0))', 'integer'
    ) }} as reach_at_least,
    {{ as_type(
        'greatest(bounds.largest, least(bounds.gross_most, coalesce(bounds.universe_people, bounds.gross_most)))',
        'integer'
    ) }} as reach_at_most,
    bounds.universe_people,
    {{ as_type('coalesce(pairs.pairs, 0)', 'integer') }} as pairs,
    {{ as_type('coalesce(pairs.pairs_measured, 0)', 'integer') }} as pairs_measured
from bounds
left join pairs
    on
        bounds.campaign_id = pairs.campaign_id
        and bounds.window_days = pairs.window_days
        and bounds.window_end_date = pairs.window_end_date
