{# Free answers to 'how did you hear of us', coded by the first word of the list that they contain. #}
with answers as (
    select self_reported_source from {{ ref('stg_feeds__leads') }}
    union
    select self_reported_source from {{ ref('int_contacts_unioned') }}
),

numbered as (
    select
        answers.self_reported_source,
        words.channel_id,
        words.is_decoy,
        row_number() over (
            partition by answers.self_reported_source order by words.priority
        ) as word_rank
    from answers
    left join {{ ref('self_report_words') }} as words
        on lower(answers.self_reported_source) like '%' || words.word || '%'
    where trim(answers.self_reported_source) <> ''
)

select
    self_reported_source,
    -- An answer that names no channel we know is an answer, to nothing.
    case when is_decoy then null else coalesce(channel_id, 'unknown') end as self_reported_channel,
    coalesce(is_decoy, false) as is_decoy
from numbered
where word_rank = 1
