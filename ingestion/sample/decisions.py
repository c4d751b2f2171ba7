"""The decision log: what the organization decided on signals, budgets and changes."""

from __future__ import annotations

import datetime as dt

from ingestion.sample.writing import Files

HEADINGS = ("decided_on", "kind", "metric", "owner_role", "summary", "signal_week", "action",
            "experiment_id", "reverted_on")  # fmt: skip


def entry(
    decided: str, kind: str, metric: str, role: str, what: str,
    week: str = "", action: str = "act", test: str = "", back: str = "",
) -> tuple[str, ...]:  # fmt: skip
    """One line: `week` signalled, `test` stood behind it, `back` is when it was undone."""
    return decided, kind, metric, role, what, week, action, test, back


LOG = (
    entry("2025-01-14", "budget", "traditional_media_spend", "media_lead",
          "Media plan 2025 as proposed"),
    entry("2025-03-03", "change", "first_response_time", "care_lead", "One inbox for all networks"),
    entry("2025-04-22", "change", "social_impressions", "social_lead",
          "Report views where impressions ended"),
    entry("2025-05-19", "change", "lead_to_opportunity_rate", "demand_lead",
          "Longer form on the website", back="2025-06-05"),
    entry("2025-06-24", "signal", "net_follower_change", "social_lead",
          "Facebook removed idle accounts", week="2025-06-16", action="no_action"),
    entry("2025-07-01", "change", "share_of_voice", "listening_lead", "Brand query rewritten"),
    entry("2025-07-15", "budget", "paid_social_spend", "media_lead",
          "Shift of 20,000 from search to social"),
    entry("2025-09-01", "change", "social_items_published", "content_lead",
          "Three posts a week for each page", back="2025-11-10"),
    entry("2025-09-02", "budget", "leads_created", "media_lead",
          "Radio in two regions only, as a test"),
    entry("2025-10-28", "signal", "leads_created", "demand_lead",
          "The autumn fairs came a week early", week="2025-10-13", action="no_action"),
    entry("2025-11-12", "signal", "share_of_voice", "listening_lead",
          "A competitor's crisis; it will pass", week="2025-11-03", action="no_action"),
    entry("2025-12-16", "budget", "leads_created", "media_lead",
          "Radio again in 2026", test="ex-2025-radio"),
    entry("2026-01-13", "budget", "traditional_media_spend", "media_lead",
          "Media plan 2026 as proposed"),
    entry("2026-01-19", "change", "response_rate", "care_lead",
          "Drafted answers in the inbox", back="2026-02-04"),
    entry("2026-02-17", "signal", "net_sentiment", "pr_lead",
          "Recall page and daily answers", week="2026-02-09"),
    entry("2026-02-18", "signal", "response_rate", "care_lead",
          "Four people lent to care", week="2026-02-09"),
    entry("2026-02-20", "signal", "resolution_time", "care_lead",
          "Recall cases in a queue of their own", week="2026-02-09"),
    entry("2026-03-03", "signal", "first_response_time", "care_lead",
          "Late shift until the recall is over", week="2026-02-23"),
    entry("2026-03-02", "budget", "leads_created", "analytics_lead", "Display stopped, as a test"),
    entry("2026-04-07", "change", "leads_created", "crm_lead", "Leads routed by region"),
    entry("2026-05-05", "budget", "leads_created", "analytics_lead",
          "Display stays off", test="ex-2026-display"),
    entry("2026-05-18", "change", "first_contact_resolution", "care_lead",
          "Care answers warranty cases itself"),
    entry("2026-06-09", "budget", "leads_created", "media_lead",
          "Social keeps its budget", test="ex-2026-social"),
    entry("2026-06-16", "signal", "net_sentiment", "listening_lead",
          "Old recall stories shared again", week="2026-06-01", action="no_action"),
    entry("2026-07-07", "change", "social_engagements", "social_lead",
          "Comments before reactions in all reports"),
    entry("2026-07-21", "signal", "conversation_rate", "social_lead",
          "The questions format goes on", week="2026-07-06"),
    entry("2026-08-25", "change", "leads_created", "demand_lead", "Phone number above the form"),
    entry("2026-09-15", "budget", "event_attended_contacts", "finance_lead",
          "Two fairs instead of three in 2027"),
)  # fmt: skip


def write(files: Files, as_of: dt.date) -> None:
    """The log as it stood that evening; what was taken back later was not yet."""
    day = as_of.isoformat()
    found = [
        (f"d-{number:03}", *(("" if h == "reverted_on" and text > day else text)
                             for h, text in zip(HEADINGS, row, strict=True)))
        for number, row in enumerate(LOG, 1)
        if row[0] <= day
    ]  # fmt: skip
    columns = list(zip(*found, strict=True)) or [()] * (len(HEADINGS) + 1)
    names = ("decision_id", *HEADINGS)
    files.csv("files/decisions/log.csv", dict(zip(names, map(list, columns), strict=True)))
