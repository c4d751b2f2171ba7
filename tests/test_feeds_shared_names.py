"""Files called alike: each is taken by the entry that is its own, and none stands for another."""

import pytest
import yaml
from feed_folder import FeedFolder

from ingestion import check, proposing, replaying
from settings import load_settings

FACEBOOK = (
    "Post ID,Page name,Title,Publish time,Permalink,Post type,Reach,Views,Reactions,Comments,"
    "Shares,Total clicks\n{},Testhaus,t,09/22/2026 08:30,https://f.example/1,Photos,{},200,3,4,5,6\n"
)
INSTAGRAM = (
    "Post ID,Account username,Description,Publish time,Permalink,Post type,Reach,Views,Likes,"
    "Comments,Shares,Saves\n{},testhaus,t,09/22/2026 08:30,https://i.example/1,IG image,{},200,3,4,"
    "5,6\n"
)
SEPTEMBER, OCTOBER = "Sep-01-2026_Sep-30-2026_{}.csv", "Oct-01-2026_Oct-31-2026_{}.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = FeedFolder(tmp_path)
    config = tmp_path / "plumbline.toml"
    config.write_text(
        '[organization]\nname = "T"\n[privacy]\nkey = "public"\n[feeds]\nfolders = []\n'
    )
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(config))
    return folder


def feed(folder, *paths, **options):
    """(whether all were mapped, what was told)."""
    told = []
    done = proposing.feed(
        list(paths), load_settings(), folder.paths, ask=lambda _: True, say=told.append, **options
    )
    return done, "\n".join(told)


def checked(folder, path):
    told = []
    done = check.check([path], load_settings(), folder.paths, told.append)
    return done, "\n".join(told)


def posts(folder):
    return folder.ask(
        "select network, post_id, captured_on::varchar, reach from raw_feeds.posts order by all"
    )


# --- a day that only a person told ---------------------------------------------------------------


def test_a_snapshot_whose_day_a_person_told_is_never_taken_for_that_of_another_export(folder):
    path = folder.put("Content.csv", FACEBOOK.format(1, 100))
    done, told = feed(folder, path)
    assert not done and "Put it into the name (Content_2026-09-30.csv, say)" in told
    assert "--set captured_on=2026-09-30 (say) holds for this very file only" in told
    done, told = feed(folder, path, stated={"captured_on": "2026-09-30"})
    assert done and "(of this very file: another one under its name is refused)" in told
    folder.ingest()
    folder.put("Content.csv", FACEBOOK.format(1, 150))
    done, told = checked(folder, path)
    assert not done and "it is another file than that of which" in told
    assert "'captured_on' is 2026-09-30" in told and "Content_2026-10-31.csv" in told
    folder.ingest()
    assert folder.load("posts")[0] == "failed" and "another file" in folder.error("posts")
    assert posts(folder) == [("facebook", "1", "2026-09-30", 100)]
    # Said of the new one, too, both are kept.
    done, told = feed(folder, path, stated={"captured_on": "2026-10-31"})
    assert done, told
    assert checked(folder, path)[0]
    folder.ingest()
    assert folder.load("posts")[0] == "loaded", folder.error("posts")
    assert posts(folder) == [
        ("facebook", "1", "2026-09-30", 100), ("facebook", "1", "2026-10-31", 150),
    ]  # fmt: skip
    folder.ingest()
    assert folder.load("posts")[0] == "unchanged"


def test_the_day_in_the_name_keeps_both_exports_without_another_answer(folder):
    feed(folder, folder.put("Content_2026-09-30.csv", FACEBOOK.format(1, 100)))
    folder.put("Content_2026-10-31.csv", FACEBOOK.format(1, 150))
    folder.ingest()
    assert [row[2:] for row in posts(folder)] == [("2026-09-30", 100), ("2026-10-31", 150)]


def test_a_day_that_is_said_holds_for_no_other_name_either(folder):
    head = (
        "Published;Text;Link;Likes;Impressions;Id\n2026-08-01 10:00;Hi;https://f.example/1;1;2;{}\n"
    )
    stated = {"network": "facebook", "account": "a", "published_at": "{Published}",
              "post_id": "{Id}"}  # fmt: skip
    path = folder.put("posts_a.csv", head.format(1))
    done, told = feed(folder, path, contract="posts", stated=dict(stated))
    assert not done and "'captured_on' (day on which the counters were read) is missing" in told
    assert "(posts_a_2026-09-30.csv, say) and say --set captured_on='{file_date}'" in told
    dated = folder.put("posts_2026-09-30.csv", head.format(2))
    done, told = feed(folder, dated, contract="posts", stated=dict(stated))
    assert not done and "Say --set captured_on='{file_date}' if it is the day in" in told
    done, told = feed(
        folder, dated, contract="posts", stated=stated | {"captured_on": "2026-09-29"}
    )
    assert done, told
    (entry,) = yaml.safe_load((folder.folder / "mapping.yml").read_text(encoding="utf-8"))
    assert entry["files"] == "posts_2026-09-30.csv"


# --- two exports under one pattern ---------------------------------------------------------------


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("first", ["facebook", "instagram"])
def test_two_exports_of_one_name_share_a_folder(folder, first, together):
    texts = {"facebook": FACEBOOK, "instagram": INSTAGRAM}
    order = [first, *(texts.keys() - {first})]
    if together:
        paths = [folder.put(SEPTEMBER.format(n), texts[each].format(1, 10))
                 for n, each in enumerate(order)]  # fmt: skip
        done, told = feed(folder, *paths)
        assert done, told
        assert len(load_settings().feeds.folders) == 1
    else:
        for n, each in enumerate(order):
            path = folder.put(SEPTEMBER.format(n), texts[each].format(1, 10))
            done, told = feed(folder, path)
            assert done and f"recognised as: meta_business_suite_{each}" in told, told
            folder.ingest()
    folder.ingest()
    assert posts(folder) == [
        ("facebook", "1", "2026-09-30", 10), ("instagram", "1", "2026-09-30", 10)
    ]  # fmt: skip
    # Next month's are taken without another answer, whatever their numbers are.
    for n, each in enumerate(order):
        path = folder.put(OCTOBER.format(5 - n), texts[each].format(1, 20))
        done, told = checked(folder, path)
        assert done and told.count(": not as feed 'posts'") == 1, told
    folder.ingest()
    assert folder.load("posts")[:2] == ("loaded", 2), folder.error("posts")
    assert posts(folder) == [
        ("facebook", "1", "2026-09-30", 10), ("facebook", "1", "2026-10-31", 20),
        ("instagram", "1", "2026-09-30", 10), ("instagram", "1", "2026-10-31", 20),
    ]  # fmt: skip
    folder.ingest()
    assert folder.load("posts")[0] == "unchanged"


def test_a_file_that_fits_none_of_the_entries_that_name_it_fails_by_name(folder):
    feed(folder, folder.put(SEPTEMBER.format(1), FACEBOOK.format(1, 10)))
    feed(folder, folder.put(SEPTEMBER.format(2), INSTAGRAM.format(1, 10)))
    odd = FACEBOOK.format(1, 20).replace("Page name", "Page label")
    path = folder.put(OCTOBER.format(1), odd)
    done, told = checked(folder, path)
    assert not done and "no heading 'Page name'" in told and "no heading 'Account user" in told
    folder.ingest()
    assert folder.load("posts")[0] == "failed" and "no heading 'Page name'" in folder.error("posts")
    assert len(posts(folder)) == 2


def test_an_export_that_changed_is_not_taken_for_another_one_unless_a_person_says_so(folder):
    head = "Station;Air date;{};GRP\nRTL;2026-09-0{};5;1\n"
    feed(folder, folder.put("tv_1.csv", head.format("Net cost", 1)))
    path = folder.put("tv_2.csv", head.format("Net spend on air", 2))
    done, told = feed(folder, path)
    assert not done and "a mapping names it already" in told and "no heading 'Net cost'" in told
    assert "say --set taken_by=headings" in told
    stated = {"taken_by": "headings", "spend": "{Net spend on air}"}
    assert feed(folder, path, stated=stated)[0]
    folder.ingest()
    assert folder.ask("select spend::int from raw_feeds.channel_days order by date") == [(5,), (5,)]


def test_of_two_entries_that_fit_the_one_that_reads_more_takes_it(folder):
    folder.put("a.csv", "account_id;spend\n")
    shared = {"feed": "channel_days", "files": "*.csv", "delimiter": ";", "dates": "%d.%m.%Y"}
    folder.map(**shared, constants={"channel": "tv"}, columns={"date": "Tag"})
    folder.map(**shared, taken_by="headings", columns={"date": "Tag", "channel": "Kanal"})
    folder.put("a.csv", "Tag;spend\n01.09.2026;5\n")
    folder.put("b.csv", "Tag;spend;Kanal\n01.09.2026;7;radio\n")
    folder.ingest()
    assert folder.ask("select channel, spend::int from raw_feeds.channel_days order by 1") == [
        ("radio", 7), ("tv", 5),
    ]  # fmt: skip


def test_entries_that_share_no_file_by_headings_take_it_each(folder):
    for name in ("contacts", "leads"):
        folder.map(feed=name, files="people.csv", constants={"system": "s"})
    folder.put("people.csv", "contact_id,lead_id,email,created_at\n1,2,a@example.org,2026-09-01\n")
    folder.ingest()
    assert folder.load("contacts")[1] == 1
    assert folder.load("leads")[1] == 1


def test_a_corrected_row_is_read_as_the_entry_that_took_its_file(folder):
    feed(folder, folder.put(SEPTEMBER.format(1), FACEBOOK.format(1, 10)))
    feed(folder, folder.put(SEPTEMBER.format(2), INSTAGRAM.format(1, 10)))
    folder.put(OCTOBER.format(7), INSTAGRAM.format(1, 20) + "2,testhaus,u,09/22/2026 08:30,"
               "https://i.example/2,IG image,many,1,1,1,1,1\n")  # fmt: skip
    folder.ingest()
    ((label,),) = folder.ask("select distinct file from ingest.quarantine")
    origin = replaying._origin("posts", label, folder.settings, folder.paths)
    assert origin.entry.export == "meta_business_suite_instagram"
