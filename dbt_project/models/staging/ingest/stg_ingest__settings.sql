select
    settings.key as setting,
    settings.value as setting_value
from {{ source('ingest', 'settings') }} as settings
