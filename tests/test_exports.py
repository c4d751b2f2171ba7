"""Known exports, each on a small sample written as its vendor writes it: headings, marks, notes."""

import csv
import datetime as dt
import types
from pathlib import Path

import pytest
from feed_folder import FeedFolder
from workbooks import book_bytes

from ingestion import mapping, proposing, recognition, vocabulary
from settings import ROOT

REAL = ROOT.parent / "shared" / "real"
EARLY, LATE = (dt.datetime.fromisoformat(f"2026-09-{day} 10:05:00") for day in ("01", "13"))
BUSINESS_SUITE = (
    "Post ID,Page ID,Page name,Title,Description,Duration (sec),Publish time,Permalink,Post type,"
    "Impressions,Reach,Reactions,Comments,Shares,Total clicks\n"
    '122158000000000001,61571000000000,Harbour & Vale,"New gauge, new you",,0,'
    "09/27/2026 18:30,https://www.facebook.com/1,Photo,1250,900,12,3,1,44\n"
)
LINKEDIN_POSTS = [
    ["All posts in the last 365 days; times in UTC"],
    ["Post title", "Post link", "Post type", "Campaign name", "Posted by", "Created date",
     "Impressions", "Views", "Clicks", "Click through rate (CTR)", "Likes", "Comments", "Reposts",
     "Follows", "Engagement rate", "Content Type"],
    ["Our new lab", "https://www.linkedin.com/feed/update/urn:li:activity:7", "Organic", "",
     "Ada", "09/27/2026", 1200, None, 31, 0.025, 18, 2, 1, 0, 0.04, "Image"],
]  # fmt: skip
SAMPLES = {
    "linkedin_page_content": (
        "acme_content_1790812800000.xlsx", LINKEDIN_POSTS, {"account": "acme"},
        {"impressions": 1200, "reactions": 18, "published_at": "2026-09-27 00:00:00",
         "captured_on": "2026-10-01", "network": "linkedin"}),
    "linkedin_page_followers": (
        "acme_followers_2026-09-30.csv",
        "Date,Sponsored followers,Organic followers,Auto-invited followers,Total followers\n"
        "09/29/2026,0,5,0,5\n", {"account": "acme"},
        {"followers_gained": 5, "followers": None, "date": "2026-09-29"}),
    "linkedin_page_visitors": (
        "acme_visitors_2026-09-30.csv",
        "Date,Overview page views (total),Total page views (desktop),Total page views (mobile),"
        "Total page views (total),Total unique visitors (total)\n09/29/2026,9,20,22,42,30\n",
        {"account": "acme"}, {"profile_views": 42, "date": "2026-09-29"}),
    "meta_business_suite_facebook": (
        "Sep-01-2026_Sep-30-2026_123.csv", "\ufeff" + BUSINESS_SUITE, {},
        {"post_id": "122158000000000001", "impressions": 1250, "clicks": 44, "network": "facebook",
         "published_at": "2026-09-27 18:30:00", "captured_on": "2026-09-30"}),
    "meta_business_suite_instagram": (
        "Sep-01-2026_Sep-30-2026_124.csv",
        "Post ID,Account ID,Account username,Account name,Description,Duration (sec),Publish time,"
        "Permalink,Post type,Data comment,Date,Views,Likes,Shares,Comments,Saves,Reach,Follows\n"
        "1801,1784,harbourvale,Harbour & Vale,Caption,0,03/27/2026 06:08,"
        'https://www.instagram.com/p/x/,IG image,,Lifetime,"15,160",5,3,2,4,45,1\n', {},
        {"views": 15160, "reactions": 5, "saves": 4, "account": "harbourvale",
         "impressions": None}),
    "facebook_insights_post": (
        "Facebook Insights Data Export (Post level) - 2014-12-31.csv",
        "Post ID,Permalink,Post Message,Type,Posted,Lifetime Post Total Reach,"
        "Lifetime Post Total Impressions,Lifetime Engaged Users\n"
        ",,,,,Lifetime: The total number of people your Page post was served to,"
        "Lifetime: The number of impressions,Lifetime: The number of people who engaged\n"
        "1_2,https://www.facebook.com/2,Hello,Photo,12/30/2014 08:15:00 AM,2752,5091,178\n"
        "1_3,https://www.facebook.com/3,Again,Status,12/29/2014 08:15:00 AM,10460,19057,1457\n",
        {"account": "cosmetics"},
        {"reach": 2752, "impressions": 5091, "published_at": "2014-12-30 08:15:00"}),
    "facebook_insights_page": (
        "Facebook Insights Data Export - 2014-12-31.csv",
        "Date,Lifetime Total Likes,Daily New Likes,Daily Unlikes,Daily Total Impressions\n"
        "12/30/2014,139441,12,3,80000\n", {"account": "cosmetics"},
        {"followers": 139441, "followers_gained": 12, "followers_lost": 3}),
    "x_posts": (
        "account_analytics_content_2026-04-27_2026-07-25.csv",
        "Post id,Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,"
        "New follows,Replies,Reposts,Profile visits,Detail Expands,URL Clicks,Hashtag Clicks,"
        'Permalink Clicks\n2074000000000000001,"Tue, Jul 14, 2026",Hello,https://x.com/a/1,122978,12,'
        "300,0,0,0,0,3,129,200,66,0,0\n", {"account": "a"},
        {"post_id": "2074000000000000001", "impressions": 122978, "link_clicks": 66, "shares": 3,
         "published_at": "2026-07-14 00:00:00", "captured_on": "2026-07-25"}),
    "x_tweets_classic": (
        "tweet_activity_metrics_20230401_20230430.csv",
        '"Tweet id","Tweet permalink","Tweet text","time","impressions","engagements",'
        '"engagement rate","retweets","replies","likes","user profile clicks","url clicks",'
        '"hashtag clicks","detail expands","permalink clicks","media views"\n'
        '"1650000000000000001","https://twitter.com/a/status/1","Hi, all","2023-04-29 12:30 +0000",'
        '"1829.0","28.0","0.015","2.0","1.0","9.0","3.0","4.0","0.0","5.0","0.0","0.0"\n',
        {"account": "a"},
        {"post_id": "1650000000000000001", "impressions": 1829, "shares": 2,
         "published_at": "2023-04-29 12:30:00"}),
    "x_account_overview": (
        "account_overview_analytics.csv",
        "Date,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Unfollows,Replies,Reposts,"
        'Profile visits,Create Post,Video views,Media views\n"Fri, Apr 26, 2024",100,10,2,0,0,3,'
        "1,0,0,7,0,0,0\n", {"account": "a"},
        {"date": "2024-04-26", "followers_gained": 3, "followers_lost": 1, "profile_views": 7}),
    "youtube_studio_videos": (
        "Table data 2026-09-30.csv",
        "Content,Video title,Video publish time,Duration,Views,Watch time (hours),Subscribers,"
        "Impressions,Impressions click-through rate (%)\nTotal,,,,12345,210.5,120,90000,4.10\n"
        'abc123,"How we calibrate, 1","May 1, 2026",312,8200,140.2,80,40000,5.20\n',
        {"account": "harbourvale"},
        {"post_id": "abc123", "views": 8200, "impressions": 40000,
         "published_at": "2026-05-01 00:00:00"}),
    "tiktok_posts": (
        "Content_2026-09-30.csv",
        "Video title,Video link,Post time,Total likes,Total comments,Total shares,Total views\n"
        "Chair,https://www.tiktok.com/@a/video/7400000000000000001,2026-09-27,61,8,4,12400\n",
        {"account": "a"}, {"views": 12400, "reactions": 61}),
    "hootsuite_posts": (
        "post_performance_2026-09-30.csv",
        "Date (GMT),Social network,Social profile,Post ID,Post permalink,Post message,Post type,"
        "Impressions,Reach,Reactions,Comments,Shares,Clicks\n2026-09-27 10:00:00,LinkedIn Page,"
        "Harbour,urn:7,https://l.example/7,Hi,Image,100,80,5,1,0,3\n", {},
        {"network": "linkedin", "impressions": 100, "published_at": "2026-09-27 10:00:00"}),
    "sprout_posts": (
        "Post Performance 2026-09-30.csv",
        "Date,Post ID,Network,Post Type,Profile,Link,Post,Impressions,Reach,Reactions,Comments,"
        "Shares,Post Link Clicks\n2026-09-27,9,Instagram,Post,harbour,https://i.example/9,Hi,"
        '"1,100",80,5,1,0,3\n', {}, {"network": "instagram", "impressions": 1100}),
    "meltwater_mentions": (
        "meltwater.csv",
        "Date\tHeadline\tURL\tOpening Text\tHit Sentence\tSource\tInfluencer\tCountry\tLanguage\t"
        "Reach\tAVE\tSentiment\tInput Name\n15-Nov-2025 10:15\tLaunch\thttps://n.example/1\tText\t"
        "Hit\tTwitter\t@ada\tUSA\tEnglish\t10000\t5000\tPositive\tHarbour brand\n"
        "16-Nov-2025 10:15\tLaunch\thttps://n.example/2\tText\tHit\tTwitter\t@bob\tUSA\tEnglish\t"
        "1\t50\tNot Rated\tHarbour brand\n", {"is_brand": "true", "encoding": "utf-16"},
        {"sentiment": "positive", "query": "Harbour brand"}),
    "ga4_traffic_acquisition_days": (
        "free_form.csv",
        "# ----------------------------------------\n# Free form 1\n# Account: Harbour\n"
        "# 20260901-20260930\n# ----------------------------------------\n\n"
        "Date,Session primary channel group (Default channel group),Sessions,Key events\n"
        "20260901,Organic Search,120,3\n20260902,Direct,80,1\n,,200,4\n\n"
        "# Nth day report\nNth day,Active users\n0000,12\n0001,13\n", {},
        {"channel": "organic_search", "sessions": 120, "conversions": 3.0,
         "date": "2026-09-01"}),
    "matomo_visits": (
        "matomo.csv", "date,label,nb_uniq_visitors,nb_visits,nb_actions\n"
        "2026-09-01,Direct Entry,11,12,17\n", {}, {"channel": "website", "sessions": 12}),
    "google_ads_days": (
        "Campaign report.csv",
        "Campaign report\nSeptember 1, 2026 - September 30, 2026\n"
        "Campaign,Day,Currency code,Cost,Impr.,Clicks,Conversions\n"
        'Brand,2026-09-01,EUR,"1,234.50","10,000",120,3.00\n'
        'Total: Account,--,EUR,"1,234.50","10,000",120,3.00\n', {},
        {"spend": 1234.5, "impressions": 10000, "channel": "paid_search"}),
    "meta_ads_days": (
        "ads.csv", "Campaign name,Day,Reporting starts,Amount spent (EUR),Impressions,Link clicks,"
        "Results\nSpring,2026-09-01,2026-09-01,12.50,1000,20,\n", {},
        {"spend": 12.5, "currency": "EUR", "clicks": 20, "conversions": None}),
    "mailchimp_campaigns": (
        "campaigns.csv",
        '"Title","Subject","List","Send Date","Send Weekday","Total Recipients",'
        '"Successful Deliveries","Soft Bounces","Hard Bounces","Unique Opens","Open Rate",'
        '"Unique Clicks","Click Rate","Unique Id"\n"May","News","All","May 14, 2026 10:30 am",'
        '"Thursday","1000","990","5","5","420","42.42%","60","6.06%","a1b2"\n', {},
        {"deliveries": 990, "opens": 420, "clicks": 60, "date": "2026-05-14"}),
    "hubspot_deals": (
        "hubspot-crm-exports-all-deals.csv",
        '"Record ID","Deal Name","Deal Stage","Close Date","Deal owner","Amount","Create Date"\n'
        '"9001","Gauges","Closed Won","2026-09-12 14:22","Ada","1500","2026-07-01 09:00"\n', {},
        {"outcome": "won", "amount": 1500.0, "closed_on": "2026-09-12"}),
    "salesforce_opportunities": (
        "report.csv",
        '"Opportunity Owner","Opportunity Name","Stage","Amount Currency","Amount","Close Date",'
        '"Created Date","Opportunity ID"\n"Ada","Gauges","Negotiation/Review","EUR","1500.00",'
        '"9/30/2026","7/1/2026","006A"\n\n"Sales Pipeline"\n"Copyright (c) 2000-2026 '
        'salesforce.com, inc. All rights reserved."\n"Confidential Information - Do Not '
        'Distribute"\n', {},
        {"outcome": "open", "amount": 1500.0, "closed_on": "2026-09-30"}),
    "pipedrive_deals": (
        "deals.xlsx",
        [["Deal - ID", "Deal - Title", "Deal - Value", "Deal - Currency", "Deal - Stage",
          "Deal - Status", "Deal - Deal created"],
         [7, "Gauges", 1500.5, "EUR", "Offer", "Won", "2026-07-01 09:00:00"]], {},
        {"outcome": "won", "amount": 1500.5, "deal_id": "7"}),
    "event_attendees": (
        "attendees.csv", "Order no.,Order Date,First Name,Last Name,Email,Attendee no.,"
        "Attendee Status,Event Name,Event Start Date\n1,2026-09-01 10:00:00,Ada,L,ada@example.org,"
        "77,Checked In,Open day,2026-09-20 10:00:00\n", {"channel": "events"},
        {"touchpoint_id": "77", "event_id": "Open day", "kind": "attended",
         "occurred_at": "2026-09-20 10:00:00"}),
    "survey_responses": (
        "pulse.csv", "Respondent ID,Start Date,End Date,I enjoy my work,I have the tools\n"
        "1,2026-05-01,2026-05-01,4,5\n2,2026-05-02,2026-05-13,3,\n",
        {"survey": "pulse", "wave": "2026-H1"}, {"answer": 4.0, "answered_on": "2026-05-01"}),
    "microsoft_forms_responses": (
        "Pulse 2026(1-2).xlsx",
        [["ID", "Startzeit", "Fertigstellungszeit", "E-Mail", "Name",
          "Uhrzeit der letzten Änderung", "Ich bin zufrieden.", "Abteilung", "Anmerkungen"],
         [1, EARLY, EARLY, "anonymous", None, None, "Stimme zu", "F&E", "gut"],
         [2, LATE, LATE, "anonymous", None, None, "Stimme nicht zu", "Vertrieb", None]],
        {"survey": "pulse", "wave": "2026-H2"},
        {"answer": 4.0, "answered_on": "2026-09-01", "question": "Ich bin zufrieden.",
         "department": "F&E"}),
    "google_forms_responses": (
        "Pulse.csv",
        '"Timestamp","Email Address","I am satisfied.","Department","Anything else?"\n'
        '"2026/09/01 12:30:01 AM GMT+2","a@example.org","5","R&D","ok"\n'
        '"2026/09/02 1:00:01 AM GMT+2","b@example.org","3","Sales",""\n',
        {"survey": "pulse", "wave": "2026-H2"},
        {"answer": 5.0, "answered_on": "2026-09-01", "question": "I am satisfied.",
         "department": "R&D"}),
    "zendesk_tickets": (
        "tickets.csv", "Id,Status,Priority,Via,Created at,Solved at,Group,Requester email\n"
        "5,solved,high,Email,2026-09-01 10:00,2026-09-02 09:00,Care,a@example.org\n", {},
        {"ticket_id": "5", "team": "Care", "opened_at": "2026-09-01 10:00:00"}),
    "print_insertions": (
        "print_2026.csv",
        "Titel;Format;Erscheinungstermin;Auflage;Schaltungen;Kosten netto\n"
        "Die Zeit;1/1 4c;24.09.2026;620.000;1;45.000,00 €\nGesamt;;;;1;45.000,00 €\n", {},
        {"account": "Die Zeit", "spend": 45000.0, "channel": "print"}),
    "out_of_home_contacts": (
        "ooh.csv", "Standort;Ort;Belegung von;Kontakte;Flächen;Kosten netto\n"
        "A 17;Köln;21.09.2026;1.234.000;12;9.900,50\n", {},
        {"impressions": 1_234_000, "insertions": 12, "spend": 9900.5, "geography": "Köln"}),
    "radio_post_buy": (
        "radio.csv", "Radiosender;Datum;Anzahl Spots;Hörer;Netto\nWDR;21.09.2026;8;1.100.000;"
        "4.000,00\n", {}, {"channel": "radio", "impressions": 1_100_000, "insertions": 8}),
    "media_plan_months": (
        "plan_2026.csv", "Medium;Kampagne;Jan 2026;Feb 2026;Mär 2026\nTV;Spring;10.000,50;;"
        "12.000,00\nPlakat;Spring;5.000,00;1.000,00;\n", {},
        {"channel": "tv", "date": "2026-01-01", "spend": 10000.5}),
    "bamboohr_employees": (
        "report.csv", '"Employee #","First Name","Last Name","Hire Date","Job Title","Department",'
        '"Status"\n"17","Ada","L","07/21/2021","Engineer","R&D","Active"\n', {},
        {"hired_on": "2021-07-21", "department": "R&D", "status": "active"}),
    "personio_employees": (
        "mitarbeiter.csv", "Personalnummer;Vorname;Nachname;E-Mail;Abteilung;Position;"
        "Eintrittsdatum;Wochenstunden;Status\n0017;Ada;L;ada@example.org;F&E;Ingenieurin;"
        "21.07.2021;38,5;Aktiv\n", {},
        {"hired_on": "2021-07-21", "contract_hours_week": 38.5, "status": "active"}),
    "personio_absences": (
        "abwesenheiten.csv", "ID;Personalnummer;Abwesenheitsart;Beginn;Ende;Tage\n1;0017;Urlaub;"
        "21.07.2026;28.07.2026;5,5\n", {}, {"kind": "Urlaub", "days": 5.5}),
    "workday_workers": (
        "All_Workers.xlsx",
        [["All Workers"], [], ["Employee ID", "Worker", "Business Title",
          "Supervisory Organization", "Hire Date", "FTE"],
         ["00017", "Ada L", "Engineer", "R&D", "2021-07-21", 1]], {},
        {"hired_on": "2021-07-21", "fte": 1.0, "department": "R&D"}),
    "linkedin_page_metrics": (
        "acme_content_metrics_2026-09-30.csv",
        "Date,Impressions (organic),Impressions (sponsored),Impressions (total),Clicks (total)\n"
        "09/29/2026,10,5,15,2\n", {"account": "acme"}, {"impressions": 15}),
    "brandwatch_mentions": (
        "brandwatch.csv", "Report:,Mentions\nBrand:,Harbour\n\nQuery Id,Query Name,Date,Title,Url,"
        "Author,Content Source Name,Page Type,Sentiment,Mention Id,Language\n"
        "1,harbour,2026-09-27 10:00:00.0,T,https://n.example/1,ada,X,twitter,positive,m1,en\n",
        {"is_brand": "true"}, {"sentiment": "positive", "mention_id": "m1"}),
    "hubspot_contacts": (
        "contacts.csv", '"Record ID","First Name","Last Name","Email","Lifecycle Stage",'
        '"Create Date"\n"5","Ada","L","ada@example.org","Customer","2026-07-01 09:00"\n', {},
        {"contact_id": "5", "lifecycle_stage": "Customer", "created_at": "2026-07-01 09:00:00"}),
    "salesforce_leads": (
        "leads.csv", '"Lead ID","Email","Lead Source","Lead Status","Create Date"\n"00Q1",'
        '"ada@example.org","Web","Open","9/30/2026"\n', {},
        {"lead_id": "00Q1", "created_at": "2026-09-30 00:00:00"}),
    "nps_responses": (
        "nps.csv", "Response ID,NPS Score,Sent Date,Response Date,Email\n1,9,2026-09-01,2026-09-13,"
        "ada@example.org\n", {"survey": "nps", "kind": "nps"}, {"score": 9.0}),
    "tv_post_buy": (
        "tv.csv", "Station,Air date,Net cost,GRP,Universe,Spots\nRTL,2026-09-01,1500.00,12.5,"
        "5000000,3\n", {}, {"grps": 12.5, "universe_people": 5_000_000, "spend": 1500.0}),
}  # fmt: skip


def test_every_known_export_has_a_sample():
    assert {export.name for export in vocabulary.exports()} == set(SAMPLES)


@pytest.mark.parametrize("name", sorted({*SAMPLES} - {"media_plan_months"}))
def test_an_export_is_recognised_and_loads_as_its_vendor_means_it(tmp_path, name):
    import yaml

    file, content, stated, meant = SAMPLES[name]
    stated = dict(stated)
    encoding = stated.pop("encoding", "utf-8")
    folder = FeedFolder(tmp_path)
    content = book_bytes(content) if isinstance(content, list) else content.encode(encoding)
    path = folder.put(file, content)
    found = proposing.proposals(path, folder.settings, None, stated)
    assert [each.recognised.export and each.recognised.export.name for each in found] == [name]
    (proposal,) = found
    assert not proposal.open, proposal.open
    assert proposal.recognised.confidence >= 0.9
    folder.put("mapping.yml", yaml.safe_dump([proposal.entry], allow_unicode=True))
    folder.ingest()
    feed = proposal.recognised.table.name
    assert folder.load(feed)[0] == "loaded", folder.error(feed)
    names = ", ".join(meant)
    rows = folder.ask(f"select {names} from raw_feeds.{feed} order by _file_row")
    assert rows, folder.ask("select reason, row_json from ingest.quarantine")
    told = dict(zip(meant, rows[0], strict=True))
    for column, value in meant.items():
        got = told[column]
        same = str(got) == value if isinstance(value, str) else got == value
        assert same or (isinstance(value, float) and float(got) == value), (column, got, value)


@pytest.mark.parametrize("name", sorted({*SAMPLES} - {"media_plan_months"}))
def test_what_a_proposal_calls_not_used_the_build_does_not_use(tmp_path, name):
    """Whatever the headings beside it are called."""
    file, content, stated, _ = SAMPLES[name]
    content = book_bytes(content) if isinstance(content, list) else content
    folder = FeedFolder(tmp_path)
    path = folder.put(file, content, stated.get("encoding", "utf-8"))
    for found in proposing.proposals(path, folder.settings, None, dict(stated)):
        if found.recognised.export is None or found.recognised.export.name != name:
            continue
        names = [*found.recognised.table.spec.columns]
        headings = (*found.table.layout.headings, *(f"{each} " for each in names))
        plan = mapping.plan(proposing._as_mapping(path, found), headings, file)
        assert {*plan.unused} == {*found.unused, *(f"{each} " for each in names)}


def test_totals_and_notes_of_an_export_are_never_rows(tmp_path):
    import yaml

    for name, expected in (("youtube_studio_videos", 1), ("salesforce_opportunities", 1),
                           ("ga4_traffic_acquisition_days", 2), ("google_ads_days", 1),
                           ("survey_responses", 3)):  # fmt: skip
        file, content, stated, _ = SAMPLES[name]
        (tmp_path / name).mkdir()
        folder = FeedFolder(tmp_path / name)
        path = folder.put(file, content)
        (proposal,) = proposing.proposals(path, folder.settings, None, dict(stated))
        folder.put("mapping.yml", yaml.safe_dump([proposal.entry], allow_unicode=True))
        folder.ingest()
        feed = proposal.recognised.table.name
        assert folder.ask(f"select count(*) from raw_feeds.{feed}") == [(expected,)], name


@pytest.mark.parametrize(
    ("file", "export"),
    [("uci_facebook_metrics/dataset_Facebook_es_header_latin1_semicolon.csv", None)],
)
def test_real_headings_are_recognised(file, export, tmp_path):
    path = REAL / file
    if not path.exists():
        pytest.skip(f"no {path}")
    found = proposing.proposals(path, FeedFolder(tmp_path).settings)
    assert found[0].recognised.table.name == "posts"


def test_columns_of_the_seeds_find_their_contract():
    folder = REAL / "fivetran_seeds"
    if not folder.exists():
        pytest.skip(f"no {folder}")
    right = {
        "dbt_facebook_pages/facebook_pages_lifetime_post_metrics_total_data.csv": "posts",
        "dbt_twitter_organic/organic_tweet_report.csv": "posts",
        "dbt_workday/workday_worker_history_data.csv": "employees",
        "dbt_hubspot/deal_data_snowflake.csv": "deals",
    }
    for name in right:
        if not (folder / name).exists():
            continue
        with Path(folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        cells = {h: [row[n] for row in rows[1:]] for n, h in enumerate(rows[0])}
        found = recognition.recognise(tuple(rows[0]), cells)
        # What is not recognised says so by its confidence.
        assert found.table.name == right[name] or found.confidence < recognition.SURE, (
            name, found.table.name, found.confidence,
        )  # fmt: skip


# --- what a vendor means by its words, periods and rows ------------------------------------------


def proposed(tmp_path, file, text, stated=None, contract=None):
    folder = FeedFolder(tmp_path)
    path = folder.put(file, text)
    (proposal,) = proposing.proposals(path, folder.settings, contract, dict(stated or {}))
    return folder, proposal


def loaded(folder, *proposals):
    import yaml

    entries = [proposal.entry for proposal in proposals]
    folder.put("mapping.yml", yaml.safe_dump(entries, allow_unicode=True))
    folder.ingest()


def test_words_of_the_library_lead_to_channels_that_there_are():
    with (ROOT / "dbt_project" / "seeds" / "channels.csv").open(encoding="utf-8") as file:
        seed = {row["channel_id"] for row in csv.DictReader(file)}
    for export in vocabulary.exports():
        if export.feed != "channel_days":
            continue
        said = export.columns.get("channel")
        told = {export.constants.get("channel"), *getattr(said, "words", {}).values()} - {None}
        assert told <= seed, (export.name, told - seed)


EVENT = (
    "Order no.,Order Date,Email,Attendee no.,Attendee Status,Event Name,Check-in Date\n"
    "1,2026-06-01 10:00:00,ada@example.org,77,Checked In,Open day,2026-06-20 09:00:00\n"
    "2,2026-06-02 10:00:00,bo@example.org,78,Not Attending,Open day,\n"
    "3,2026-06-13 10:00:00,cy@example.org,79,Deleted,Open day,\n"
    "4,2026-06-13 10:00:00,di@example.org,80,Attending,Open day,\n"
)


def test_only_who_came_attended_and_on_the_day_they_came(tmp_path):
    folder, proposal = proposed(tmp_path, "attendees.csv", EVENT, {"channel": "events"})
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    assert folder.load("touchpoints") == ("loaded", 4, 1, 1, 3)
    told = folder.ask("select touchpoint_id, kind, occurred_at::date::varchar "
                      "from raw_feeds.touchpoints")  # fmt: skip
    assert told == [("77", "attended", "2026-06-20")]


def test_who_was_expected_counts_when_a_person_says_so_and_who_cancelled_does_not(tmp_path):
    stated = {"channel": "events", "kind": "attended"}
    folder, proposal = proposed(
        tmp_path, "attendees.csv", EVENT.replace("Checked In", "Attending"), stated
    )
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    told = "select touchpoint_id, kind from raw_feeds.touchpoints"
    assert folder.ask(told) == [("77", "attended")]
    left = "select count(*) from ingest.quarantine where reason = 'excluded by mapping'"
    assert folder.ask(left) == [(2,)]


@pytest.mark.parametrize(
    ("before", "after", "question"),
    [
        ("Checked In", "Attending", "no row says who came"),
        ("Not Attending", "On the fence", "'On the fence' in 'Attendee Status' is no word"),
        (",Check-in Date", ",Note", "'occurred_at' (when) is missing"),
    ],
)
def test_a_list_that_does_not_say_who_came_or_when_is_asked(tmp_path, before, after, question):
    text = EVENT.replace(before, after)
    _, proposal = proposed(tmp_path, "attendees.csv", text, {"channel": "events"})
    assert any(question in each for each in proposal.open), proposal.open


SURVEY = (
    "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,Custom Data 1,"
    "I know our goals [all].,My manager listens.,Department,Any comment\n"
    ",,,,,,,Response,Response,Response,Open-Ended Response\n"
    "118000000001,421000001,2026-07-14,2026-07-14,10.1.2.3,a@example.org,5,4,5,Marketing,Fine\n"
    "118000000002,421000001,2026-07-14,2026-07-14,10.1.2.4,b@example.org,4,Strongly agree,3,"
    "Sales,\n118000000003,421000001,2026-07-15,2026-07-15,10.1.2.5,c@example.org,3,2,,Sales,\n"
)


def test_only_answers_on_scales_are_questions_and_nobody_is_named(tmp_path):
    folder, proposal = proposed(
        tmp_path, "pulse.csv", SURVEY.replace("118000000003", ""),
        {"survey": "pulse", "wave": "2026-H1"},
    )  # fmt: skip
    assert not proposal.open, proposal.open
    left = next(a.what for a in proposal.assumptions if a.what.startswith("no questions"))
    assert "IP Address" in left and "Collector ID" in left and "Any comment" in left
    loaded(folder, proposal)
    told = folder.ask("select question, answer, department from raw_feeds.survey_answers "
                      "order by _file_row, question")  # fmt: skip
    assert told == [
        ("I know our goals [all].", 4, "Marketing"), ("My manager listens.", 5, "Marketing"),
        ("I know our goals [all].", 5, "Sales"), ("My manager listens.", 3, "Sales"),
    ]  # fmt: skip
    rows = folder.ask("select row_json from ingest.quarantine where reason like '%missing'")
    assert rows and not any("10.1.2" in row or "@" in row for (row,) in rows)


def test_the_next_wave_under_the_same_name_is_not_loaded_as_the_last_one(tmp_path):
    folder, proposal = proposed(
        tmp_path, "pulse.csv", SURVEY, {"survey": "pulse", "wave": "2026-H1"}
    )
    loaded(folder, proposal)
    before = folder.ask("select count(*), count(distinct wave) from raw_feeds.survey_answers")
    folder.put("pulse.csv", SURVEY.replace("2026-07-1", "2026-12-1").replace("Response,", "R,"))
    folder.ingest()
    assert folder.load("survey_answers")[0] == "failed"
    assert "says 'wave' is 2026-H1" in folder.error("survey_answers")
    assert before == folder.ask(
        "select count(*), count(distinct wave) from raw_feeds.survey_answers"
    )


FORMS = {
    "microsoft, English": (
        "ID,Start time,Completion time,Email,Name,Last modified time,I am satisfied.,Next step\n"
        "1,2026-09-01 10:00:00,2026-09-01 10:05:00,anonymous,Ada,,Agree,More\n"
        "2,2026-09-02 10:00:00,2026-09-13 10:05:00,anonymous,Bo,,Disagree,Less\n", None),
    "microsoft, German": (
        "ID;Startzeit;Fertigstellungszeit;E-Mail;Name;Uhrzeit der letzten Änderung;Bin zufrieden\n"
        "1;01.09.2026 10:00;01.09.2026 10:05;anonymous;Ada;;Stimme zu\n"
        "2;02.09.2026 10:00;13.09.2026 10:05;anonymous;Bo;;Stimme nicht zu\n", None),
    "google, German": (
        "Zeitstempel,E-Mail-Adresse,Bin zufrieden\n2026/09/01 10:00:01 AM OEZ,a@example.org,4\n"
        "2026/09/13 11:30:01 PM MESZ,b@example.org,2\n", None),
    "google, the spreadsheet": (
        "Zeitstempel;Bin zufrieden\n01.09.2026 10:00:01;Stimme zu\n"
        "13.09.2026 13:00:01;Stimme nicht zu\n", "survey_answers"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_microsoft_and_google_are_surveys_and_name_nobody(tmp_path, name):
    text, contract = FORMS[name]
    stated = {"survey": "pulse", "wave": "2026-H2"}
    folder, proposal = proposed(tmp_path, "pulse.csv", text, stated, contract)
    assert proposal.recognised.export.name == f"{name.split(',')[0]}_forms_responses"
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    assert folder.load("survey_answers")[0] == "loaded", folder.error("survey_answers")
    told = folder.ask(
        "select answer, answered_on::varchar from raw_feeds.survey_answers order by 2"
    )
    assert told == [(4, "2026-09-01"), (2, "2026-09-13")]
    columns = folder.ask("select count(distinct respondent_id_hash) from raw_feeds.survey_answers")
    assert columns == [(2,)]
    assert "E-Mail" not in str(proposal.entry) and "Name'" not in str(proposal.entry)


def test_a_file_of_times_is_no_form_of_google(tmp_path):
    text = "Timestamp,Caller,Rating\n2026-09-01 10:00:01,a@example.org,4\n"
    _, proposal = proposed(tmp_path, "calls.csv", text)
    assert proposal.recognised.export is None


def test_a_word_on_no_scale_is_asked(tmp_path):
    text = SURVEY.replace("Strongly agree", "Rather")
    _, proposal = proposed(tmp_path, "pulse.csv", text, {"survey": "p", "wave": "1"})
    assert any("and 'Rather', which is none" in each for each in proposal.open)


ADS = (
    "Reporting starts,Reporting ends,Campaign name,Ad set name,Impressions,Amount spent (EUR),"
    "Link clicks\n2026-07-13,2026-07-13,Spring,Berlin,1000,12.50,20\n"
    "2026-07-13,2026-07-13,Spring,Hamburg,2100,50.00,60\n"
    "2026-07-14,2026-07-14,Spring,Hamburg,2000,40.00,55\n"
)


def test_ad_sets_of_a_campaign_add_up(tmp_path):
    folder, proposal = proposed(tmp_path, "ads.csv", ADS)
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    assert folder.load("channel_days") == ("loaded", 3, 3, 2, 0)
    assert folder.ask("select sum(spend), sum(clicks) from raw_feeds.channel_days") == [
        (102.5, 135)
    ]
    # Next month the file comes without the breakdown by day: no row passes for a day.
    folder.put("ads.csv", ADS.replace("2026-07-13,2026-07-13", "2026-08-01,2026-08-31"))
    folder.ingest()
    assert folder.load("channel_days") == ("loaded", 3, 1, 0, 2)


def test_a_month_is_no_day_and_a_plan_is_not_what_was_spent(tmp_path):
    _, proposal = proposed(tmp_path, "ads.csv", ADS.replace("13,2026-07-13", "01,2026-07-31"))
    assert any("a row covers 2026-07-01 to 2026-07-31" in each for each in proposal.open)
    file, content, _, _ = SAMPLES["media_plan_months"]
    (tmp_path / "plan").mkdir()
    _, proposal = proposed(tmp_path / "plan", file, content)
    assert any("a plan says what is to be spent" in each for each in proposal.open)


def test_a_row_of_seven_days_from_a_monday_is_a_week(tmp_path):
    text = "Standort;Belegung von;Belegung bis;Kontakte;Flächen;Kosten netto\n" \
           "A 17;21.09.2026;27.09.2026;1.234.000;12;9.900,50\n"  # fmt: skip
    folder, proposal = proposed(tmp_path, "ooh.csv", text)
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    assert folder.ask("select date::varchar, period, spend from raw_feeds.channel_days") == [
        ("2026-09-21", "week", 9900.5)
    ]  # fmt: skip


@pytest.mark.parametrize(("word", "is_asked"), [("Our partners", True), ("Unassigned", False)])
def test_a_channel_that_no_word_leads_to_is_asked(tmp_path, word, is_asked):
    file, content, _, _ = SAMPLES["ga4_traffic_acquisition_days"]
    _, proposal = proposed(tmp_path, file, content.replace("Direct", word))
    assert bool(proposal.open) == is_asked, proposal.open
    assert all(f"--set 'channel.words.{word}=...'" in each for each in proposal.open)


GA4_GROUPS = (
    "Affiliates,Audio,Cross-network,Direct,Display,Email,Mobile Push Notifications,Organic Search,"
    "Organic Shopping,Organic Social,Organic Video,Paid Other,Paid Search,Paid Shopping,"
    "Paid Social,Paid Video,Referral,SMS,Unassigned"
)
"""Google Analytics help, "[GA4] Default channel group"."""


def test_every_default_channel_group_of_google_analytics_is_known(tmp_path):
    rows = "".join(f"202609{n:02},{word},1\n" for n, word in enumerate(GA4_GROUPS.split(","), 1))
    text = "Date,Session primary channel group (Default channel group),Sessions\n" + rows
    folder, proposal = proposed(tmp_path, "data-export.csv", text)
    assert not proposal.open, proposal.open
    told = [each.what for each in proposal.assumptions]
    # Advertisements on several networks at once are no one channel, and that is said.
    assert any(each.startswith("'Cross-network' in 'Session primary") for each in told), told
    assert not any(each.startswith("'Paid Shopping'") for each in told), told


MATOMO = "date,label,nb_visits\n2026-09-01,Direkte Zugriffe,5\n2026-09-01,{},7\n"


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ("channel.words.Kampagnen=paid_search", [("paid_search", 7), ("website", 5)]),
        ("channel.words.kampagnen=email", [("email", 7), ("website", 5)]),
        ("channel.words.Kampagnen=", [("website", 5)]),
    ],
)
def test_what_a_person_says_of_a_channels_word_is_heard(tmp_path, answer, rows):
    text = MATOMO.format("Kampagnen")
    folder, proposal = proposed(tmp_path, "matomo.csv", text)
    assert [each for each in proposal.open if "--set 'channel.words.Kampagnen=...'" in each]
    path = folder.folder / "matomo.csv"
    (proposal,) = proposing.proposals(path, folder.settings, None, proposing.spoken([answer]))
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    told = "select channel, sessions from raw_feeds.channel_days order by 1"
    assert folder.ask(told) == rows
    assert folder.load("channel_days")[4] == 2 - len(rows)


def test_a_word_that_is_no_answer_is_unknown_when_a_person_says_so(tmp_path):
    stated = {"survey": "p", "wave": "1"}
    text = SURVEY.replace("Strongly agree", "Weiß nicht").replace("4,5,Marketing", "Rather,5,Mark")
    folder, proposal = proposed(tmp_path, "pulse.csv", text, stated)
    ways = "--set 'answer.words.Rather=...'", "--set 'answer.words.Weiß nicht=...'"
    assert all(any(way in each for each in proposal.open) for way in ways), proposal.open
    stated |= proposing.spoken(["answer.words.Weiß nicht=", "answer.words.Rather=4"])
    path = folder.folder / "pulse.csv"
    (proposal,) = proposing.proposals(path, folder.settings, None, stated)
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    told = folder.ask("select question, answer from raw_feeds.survey_answers "
                      "order by _file_row, question")  # fmt: skip
    assert told == [
        ("I know our goals [all].", 4), ("My manager listens.", 5),
        ("I know our goals [all].", None), ("My manager listens.", 3),
        ("I know our goals [all].", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("answer", "rows"), [("attended", ["77", "78"]), ("", ["77"])])
def test_a_state_of_guests_that_a_person_explains_counts_or_stays_out(tmp_path, answer, rows):
    text = EVENT.replace("Not Attending,Open day,", "On the fence,Open day,2026-06-20 09:00:00")
    stated = {"channel": "events", "kind.words.On the fence": answer}
    folder, proposal = proposed(tmp_path, "attendees.csv", text, stated)
    assert not proposal.open, proposal.open
    loaded(folder, proposal)
    told = folder.ask("select touchpoint_id from raw_feeds.touchpoints order by 1")
    assert [each for (each,) in told] == rows


PIPEDRIVE = {
    "es": ("Negocio - ID,Negocio - Título,Negocio - Valor,Negocio - Moneda,Negocio - Etapa,"
           "Negocio - Estado,Negocio - Negocio creado,Negocio - Probabilidad", "Ganado", "Perdido"),
    "fr": ("Affaire - ID,Affaire - Titre,Affaire - Valeur,Affaire - Devise,Affaire - Étape,"
           "Affaire - Statut,Affaire - Affaire créée,Affaire - Probabilité", "Gagné", "Perdu"),
    "pt": ("Negócio - ID,Negócio - Título,Negócio - Valor,Negócio - Moeda,Negócio - Etapa,"
           "Negócio - Status,Negócio - Negócio criado em,Negócio - Probabilidade", "Ganho",
           "Perdido"),
    "de": ("Deal - ID,Deal - Titel,Deal - Wert,Deal - Währung,Deal - Phase,Deal - Status,"
           "Deal - Deal erstellt,Deal - Wahrscheinlichkeit", "Gewonnen", "Verloren"),
}  # fmt: skip


@pytest.mark.parametrize("language", PIPEDRIVE)
def test_pipedrive_in_other_languages(tmp_path, language):
    head, won, lost = PIPEDRIVE[language]
    text = (f'{head}\n101,A,"12.500,00",EUR,P,{won},2026-05-02 09:11:00,100\n'
            f'102,B,"3.200,50",EUR,P,{lost},2026-06-12 15:40:00,25\n')  # fmt: skip
    folder, proposal = proposed(tmp_path, "deals.csv", text)
    assert proposal.recognised.export.name == "pipedrive_deals" and not proposal.open
    loaded(folder, proposal)
    told = folder.ask("select outcome, amount, probability, created_on::varchar from "
                      "raw_feeds.deals order by deal_id")  # fmt: skip
    assert told == [("won", 12500, 1, "2026-05-02"), ("lost", 3200.5, 0.25, "2026-06-12")]


def test_a_post_buy_with_groups_above_its_headings_is_known_and_its_net_is_taken(tmp_path):
    import io

    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Sendung", None, "Leistung", None, "Kosten", None],
        ["Sender", "Sendedatum", "GRP", "Kontakte", "Kosten brutto", "Kosten netto"],
        ["RTL", EARLY.date(), 1.5, 1000, 100, 80], ["VOX", LATE.date(), 2.5, 2000, 200, 160],
    ):  # fmt: skip
        sheet.append(row)
    for cells in ("A1:B1", "C1:D1", "E1:F1"):
        sheet.merge_cells(cells)
    out = io.BytesIO()
    book.save(out)
    folder, proposal = proposed(tmp_path, "tv.xlsx", out.getvalue())
    assert proposal.recognised.export.name == "tv_post_buy" and not proposal.open, proposal.open
    loaded(folder, proposal)
    assert folder.ask("select account, spend, impressions from raw_feeds.channel_days order by 1") \
        == [("RTL", 80, 1000), ("VOX", 160, 2000)]  # fmt: skip


def test_one_heading_with_a_stroke_is_not_the_word_behind_it():
    found = recognition._spellings(("Post ID", "Likes / Comments", "Reach"))
    assert "comments" not in found and found["reach"] == "Reach"


def test_a_zone_in_the_headings_of_zendesk_is_read_and_no_other_export(tmp_path):
    file, content, _, _ = SAMPLES["zendesk_tickets"]
    for each in ("Created at", "Solved at"):
        content = content.replace(each, f"{each} (America/New_York)")
    folder, proposal = proposed(tmp_path, file, content)
    assert proposal.recognised.export.name == "zendesk_tickets" and not proposal.open
    loaded(folder, proposal)
    assert folder.ask("select opened_at::varchar from raw_feeds.tickets") == [
        ("2026-09-01 14:00:00",)
    ]


@pytest.mark.parametrize("says", ['"more_items_in_collection": true', '"next_start": 100'])
def test_a_page_of_pipedrives_deals_is_not_taken_for_all_of_them(tmp_path, says):
    from ingestion.mapping import MappingError

    deal = '{"id": 1, "title": "A", "value": 5, "currency": "EUR", "status": "won"}'
    text = f'{{"data": [{deal}], "additional_data": {{"pagination": {{"start": 0, {says}}}}}}}'
    folder = FeedFolder(tmp_path)
    path = folder.put("deals.json", text)
    with pytest.raises(MappingError, match="a page of more"):
        proposing.proposals(path, folder.settings, "deals")
    path = folder.put("deals.json", text.replace("true", "false").replace("100", "null"))
    assert proposing.proposals(path, folder.settings, "deals")


def test_a_heading_that_is_another_spelling_of_the_export_is_taken(tmp_path):
    from ingestion import check

    head = "Sender;Sendetag;{};Kosten brutto;GRP\n"
    row = "RTL;01.09.2026;9.360,00;18.000,00;4,5\n"
    folder, proposal = proposed(tmp_path, "tv_1.csv", head.format("Kosten netto") + row)
    loaded(folder, proposal)
    path = folder.put("tv_2.csv", head.format("Nettokosten") + row.replace("01.09", "02.09"))
    told = []
    assert check.check([path], folder.settings, folder.paths, told.append), told
    assert "  assumed: 'Nettokosten' is 'Kosten netto' (tv_post_buy has both)" in told
    folder.ingest()
    assert folder.ask("select sum(spend) from raw_feeds.channel_days") == [(18720,)]
    path = folder.put("tv_3.csv", head.format("Kosten (n. n.)") + row)
    told.clear()
    check.check([path], folder.settings, folder.paths, told.append)
    assert not any("did you mean 'Kosten brutto'" in line for line in told), told


def test_exports_of_one_contract_live_together_in_one_folder(tmp_path):
    """Through ingestion: three exports of LinkedIn and two that share a campaign's day."""
    folder = FeedFolder(tmp_path)
    found = []
    for name in ("linkedin_page_followers", "linkedin_page_visitors", "linkedin_page_metrics"):
        file, content, stated, _ = SAMPLES[name]
        path = folder.put(file, content)
        found += proposing.proposals(path, folder.settings, None, dict(stated))
    for file, text in (
        ("google.csv", "Campaign,Day,Currency code,Cost,Impr.,Clicks\nBrand,2026-09-13,EUR,5.50,"
                       "100,7\n"),
        ("analytics.csv", "Date,Session primary channel group,Session campaign,Sessions\n20260913,"
                          "Paid Search,Brand,6\n"),
    ):  # fmt: skip
        found += proposing.proposals(folder.put(file, text), folder.settings)
    assert not [each.open for each in found if each.open]
    loaded(folder, *found)
    days = "select {} from ({}) order by date_day"
    sql = days.format("followers_gained, profile_views, impressions", staged("account_days"))
    assert folder.ask(sql) == [(5, 42, 15)]
    sql = days.format("spend, impressions, clicks, sessions", staged("channel_days"))
    assert folder.ask(sql) == [(5.5, 100, 7, 6)]
    assert folder.ask(staged("restatements")) == []
    # What was said is corrected: one of five numbers, and only that is a restatement.
    path = next(folder.folder.glob("acme_visitors*"))
    path.write_text(path.read_text().replace(",42,", ",43,"))
    folder.ingest()
    sql = f"select column_name, value_before, value_after from ({staged('restatements')})"
    assert folder.ask(sql) == [("profile_views", "42", "43")]


def staged(name):
    """A model of staging as SQL on raw_feeds, with the macros that dbt would give it."""
    import jinja2

    models = ROOT / "dbt_project" / "models" / "staging" / "feeds"
    macros = (ROOT / "dbt_project" / "macros" / "versions.sql").read_text(encoding="utf-8")
    told = {
        "source": lambda schema, table: f"raw_{schema}.{table}",
        "account_id": lambda network, account: f"{network} || ':' || {account}",
    }
    made = jinja2.Environment().from_string(macros, globals=told)
    told["plumbline"] = types.SimpleNamespace(
        sql_type=lambda kind: "varchar", versions_in_order=made.module.versions_in_order
    )
    made = jinja2.Environment().from_string(macros, globals=told).module
    told |= {each: getattr(made, each) for each in ("latest_version", "version_pairs", "restated")}
    text = (models / f"stg_feeds__{name}.sql").read_text(encoding="utf-8")
    return jinja2.Environment().from_string(text, globals=told).render()


SALES = [["Opportunity ID", "Opportunity Name", "Stage", "Amount", "Probability (%)"],
         ["1", "a", "Prospecting", 1000, 60], ["2", "b", "Closed Lost", 2000, 0],
         ["3", "c", "Closed Won", 5000, 100]]  # fmt: skip


def _sold(*probabilities):
    rows = zip(SALES[1:], probabilities, strict=True)
    return book_bytes([SALES[0], *([*line[:4], each] for line, each in rows)])


def test_percents_without_a_sign_are_said_and_shares_among_them_asked(tmp_path):
    folder, proposal = proposed(tmp_path, "report_1.xlsx", book_bytes(SALES))
    assert not proposal.open, proposal.open
    said = [each.what for each in proposal.assumptions]
    assert "'Probability (%)' is multiplied by 0.01" in said
    loaded(folder, proposal)
    told = "select sum(probability)::double from raw_feeds.deals"
    assert folder.ask(told) == [(1.6,)]
    folder.put("report_2.xlsx", _sold(0.6, 0.1, 1))
    folder.ingest()
    assert "may be a share" in folder.error("deals") and folder.ask(told) == [(1.6,)]


@pytest.mark.parametrize("cells", [(0.6, 0.1, 1), (0.5, 45, 100), (0, 0, 1)])
def test_what_may_be_a_share_or_percents_is_asked(tmp_path, cells):
    folder, proposal = proposed(tmp_path, "report.xlsx", _sold(*cells))
    assert any("may be a share of 1 or percents" in each for each in proposal.open)
    stated = {"probability.multiply": "1"}
    path = folder.folder / "report.xlsx"
    (proposal,) = proposing.proposals(path, folder.settings, None, stated)
    assert not proposal.open, proposal.open
    assert proposal.entry["columns"]["probability"]["multiply"] == 1
