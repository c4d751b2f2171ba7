-- A channel that [attribution] of plumbline.toml excludes or holds for last and that no channel is called: a typing
-- error there would silently exclude nothing. Write a channel_id of seeds/channels.csv.
select settings.setting
from {{ ref('stg_ingest__settings') }} as settings
left join {{ ref('channels') }} as channels on settings.setting_value = channels.channel_id
where
    (
        settings.setting like 'attribution_excluded_channels:%'
        or settings.setting like 'attribution_last_resort_channels:%'
    )
    and channels.channel_id is null
