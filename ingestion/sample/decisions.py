"""The decision log: what the organization decided on signals, budgets and changes."""

from __future__ import annotations

import datetime as dt
import typing

from ingestion.sample.writing import Files


class Decision(typing.NamedTuple):
    """A line: `signal_week` signalled, `experiment_id` stood behind it, `reverted_on` undid it."""

    decided_on: str
    kind: str
    metric: str
    owner_role: str
    summary: str
    signal_week: str = ""
    action: str = "act"
    experiment_id: str = ""
    reverted_on: str = ""


LOG = (
    Decision("2025-01-14", "budget", "traditional_media_spend", "media_lead",
             "Media plan 2025 as proposed"),
    Decision("2025-03-03", "change", "first_response_time", "care_lead",
             "One inbox for all networks"),
    Decision("2025-04-22", "change", "social_impressions", "social_lead",
             "Report views where impressions ended"),
    Decision("2025-05-19", "change", "lead_to_opportunity_rate", "demand_lead",
             "Longer form on the website", reverted_on="2025-06-05"),
    Decision("2025-06-24", "signal", "net_follower_change", "social_lead",
             "Facebook removed idle accounts", signal_week="2025-06-16", action="no_action"),
    Decision("2025-07-01", "change", "share_of_voice", "listening_lead", "Brand query rewritten"),
    Decision("2025-07-15", "budget", "paid_social_spend", "media_lead",
             "Shift of 20,000 from search to social"),
    Decision("2025-09-01", "change", "social_items_published", "content_lead",
             "Three posts a week for each page", reverted_on="2025-11-10"),
    Decision("2025-09-02", "budget", "leads_created", "media_lead",
             "Radio in two regions only, as a test"),
    Decision("2025-10-28", "signal", "leads_created", "demand_lead",
             "The autumn fairs came a week early", signal_week="2025-10-13", action="no_action"),
    Decision("2025-11-12", "signal", "share_of_voice", "listening_lead",
             "A competitor's crisis; it will pass", signal_week="2025-11-03", action="no_action"),
    Decision("2025-12-16", "budget", "leads_created", "media_lead",
             "Radio again in 2026", experiment_id="ex-2025-radio"),
    Decision("2026-01-13", "budget", "traditional_media_spend", "media_lead",
             "Media plan 2026 as proposed"),
    Decision("2026-01-19", "change", "response_rate", "care_lead",
             "Drafted answers in the inbox", reverted_on="2026-02-04"),
    Decision("2026-02-17", "signal", "net_sentiment", "pr_lead",
             "Recall page and daily answers", signal_week="2026-02-09"),
    Decision("2026-02-18", "signal", "response_rate", "care_lead",
             "Four people lent to care", signal_week="2026-02-09"),
    Decision("2026-02-20", "signal", "resolution_time", "care_lead",
             "Recall cases in a queue of their own", signal_week="2026-02-09"),
    Decision("2026-03-03", "signal", "first_response_time", "care_lead",
             "Late shift until the recall is over", signal_week="2026-02-23"),
    Decision("2026-03-02", "budget", "leads_created", "analytics_lead",
             "Display stopped, as a test"),
    Decision("2026-04-07", "change", "leads_created", "crm_lead", "Leads routed by region"),
    Decision("2026-05-05", "budget", "leads_created", "analytics_lead",
             "Display stays off", experiment_id="ex-2026-display"),
    Decision("2026-05-18", "change", "first_contact_resolution", "care_lead",
             "Care answers warranty cases itself"),
    Decision("2026-06-09", "budget", "leads_created", "media_lead",
             "Social keeps its budget", experiment_id="ex-2026-social"),
    Decision("2026-06-16", "signal", "net_sentiment", "listening_lead",
             "Old recall stories shared again", signal_week="2026-06-01", action="no_action"),
    Decision("2026-07-07", "change", "social_engagements", "social_lead",
             "Comments before reactions in all reports"),
    Decision("2026-07-21", "signal", "conversation_rate", "social_lead",
             "The questions format goes on", signal_week="2026-07-06"),
    Decision("2026-08-25", "change", "leads_created", "demand_lead", "Phone number above the form"),
    Decision("2026-09-15", "budget", "event_attended_contacts", "finance_lead",
             "Two fairs instead of three in 2027"),
)  # fmt: skip


def write(files: Files, as_of: dt.date) -> None:
    """The log as it stood that evening; what was taken back later was not yet."""
    day = as_of.isoformat()
    told = [
        one._replace(reverted_on=one.reverted_on if one.reverted_on <= day else "")
        for one in LOG
        if one.decided_on <= day
    ]
    columns = {name: [getattr(one, name) for one in told] for name in Decision._fields}
    numbers = [f"d-{number:03}" for number in range(1, len(told) + 1)]
    files.csv("files/decisions/log.csv", {"decision_id": numbers, **columns})
