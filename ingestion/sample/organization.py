"""The sample organization Harbour & Vale, written as its systems would show it on one day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ingestion.sample import (
    campaigns,
    channels,
    crm,
    customers,
    decisions,
    finance,
    panels,
    people,
    service,
    social,
    timeline,
    tools,
    workplace,
)
from ingestion.sample.writing import Files
from settings import ConfigError

MAPPING = Path(__file__).parent / "mapping.yml"


def generate(folder: Path, as_of: dt.date, seed: int, scale: int) -> None:
    """Write the organization as of the end of `as_of` into `folder`.

    `files/` holds exports by subject and their `mapping.yml`, `vendors/<vendor>.json` what the
    simulated APIs answer with ({table: rows} in the columns of `ingestion/tables`), `truth/` what
    was planted. The same seed, scale and day give the same bytes; another day gives a prefix of
    the same world. `scale` multiplies rows, not employees. Raises ConfigError for a day outside
    2024-02-01..2026-12-31 and a scale below 1.
    """
    if not dt.date(2024, 2, 1) <= as_of <= timeline.END:
        raise ConfigError(
            f"the sample organization lives from 2024-02-01 to {timeline.END}, not on {as_of}: "
            "set AS_OF (or as_of in plumbline.toml) to a day in between."
        )
    if scale < 1:
        raise ConfigError(f"[sample] scale = {scale}: give a whole number of at least 1.")
    files = Files(folder)
    staff = people.staff(seed)
    people.write(files, staff, as_of, seed)
    campaigns.write(files, as_of, scale)
    channels.write(files, as_of, seed, scale)
    contacts = crm.write(files, staff, as_of, seed, scale)
    social.write(files, staff, as_of, seed, scale)
    service.write(files, staff, contacts, as_of, seed, scale)
    tools.write(files, staff, as_of, seed, scale)
    decisions.write(files, as_of)
    finance.write(files, as_of, seed)
    panels.write(files, as_of, seed, scale)
    workplace.write(files, staff, as_of, seed)
    files.close()
    files.text("files/mapping.yml", MAPPING.read_text(encoding="utf-8"))
    files.json("truth/expected_quarantine.json", dict(sorted(files.expected_quarantine.items())))
    files.json("truth/planted_events.json", PLANTED)


PLANTED = {
    "recall": {
        "from": people.RECALL.isoformat(),
        "what": "mentions turn negative, care is overloaded",
    },
    "leaver": {
        "on": people.LEAVER[1].isoformat(),
        "who": people.LEAVER[0],
        "what": "still holds events_lead and facebook harbourvale.uk",
    },
    "vacant_role": {"from": people.VACATED[1].isoformat(), "role": people.VACATED[0]},
    "instagram_views": {"from": "2025-04-21", "what": "impressions withdrawn, views instead"},
    "facebook_views": {"from": "2025-11-15", "what": "impressions withdrawn, views instead"},
    "brand_query_changed": {"from": "2025-07-01", "what": "query version 2 finds more"},
    "second_listening_tool": {"from": "2025-01-01", "what": "finds what the first finds"},
    "competitor_crisis": {"from": "2025-11-03", "subject": "Metrix Group"},
    "fx_gap": {"from": tools.FX_GAP[0], "to": tools.FX_GAP[1]},
    "facebook_purge": {"on": "2025-06-17"},
    "clips_late": {"days": channels.CLIPS_LATE_DAYS},
    "display_stopped": {"from": "2026-03-02"},
    "brand_search": {
        "what": "searches for the name rise with television and fade as it is forgotten"
    },
    "decoy": {"phrases": list(customers.DECOY), "what": "a podcast that never ran"},
}
