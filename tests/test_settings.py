"""Settings are read strictly: what nothing reads is refused, with file, line and nearest name."""

import datetime as dt
import re

import pytest

import settings
from settings import ConfigError, load_settings, read_yaml, strict

GOOD = '[organization]\nname = "A"\ncurrency = "EUR"\n'


def written(tmp_path, text, name="plumbline.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_unknown_key_names_file_line_and_nearest_name(tmp_path):
    path = written(tmp_path, '[organization]\nname = "A"\ncurency = "EUR"\n')
    with pytest.raises(ConfigError) as error:
        load_settings(path)
    assert str(error.value) == (
        f"{path}:3: unknown key 'organization.curency'; did you mean 'currency'?"
    )


def test_every_problem_is_told_at_once(tmp_path):
    path = written(tmp_path, GOOD + '[sources.m]\nbase_url = "x"\nownr = "y"\n[publsh]\nkeep = 2\n')
    with pytest.raises(ConfigError) as error:
        load_settings(path)
    text = str(error.value)
    assert "sources.m.owner' is missing" in text
    assert f"{path}:6: unknown key 'sources.m.ownr'; did you mean 'owner'?" in text
    assert f"{path}:7: unknown key 'publsh'; did you mean 'publish'?" in text


def test_a_wrong_type_says_what_stood_there(tmp_path):
    path = written(tmp_path, GOOD + 'fiscal_year_start_month = "May"\n')
    with pytest.raises(ConfigError, match=r":4: 'organization.fiscal_year_start_month'.*'May'"):
        load_settings(path)


def test_a_missing_file_names_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match="no such file. Set PLUMBLINE_CONFIG"):
        load_settings(tmp_path / "none.toml")


def test_a_repeated_yaml_key_is_refused(tmp_path):
    @strict
    class Thing:
        name: str

    path = written(tmp_path, "name: a\nname: b\n", "thing.yml")
    with pytest.raises(ConfigError, match=r"thing.yml:2: 'name' stands twice"):
        read_yaml(path, Thing)


def test_as_of_wins_over_the_settings_and_is_checked(tmp_path, monkeypatch):
    found = load_settings(written(tmp_path, GOOD + "as_of = 2026-09-30\n"))
    monkeypatch.delenv("AS_OF", raising=False)
    assert settings.clock(found) == dt.date(2026, 9, 30)
    monkeypatch.setenv("AS_OF", "2025-01-31")
    assert settings.clock(found) == dt.date(2025, 1, 31)
    monkeypatch.setenv("AS_OF", "31.1.2025")
    with pytest.raises(ConfigError, match="AS_OF='31.1.2025' is not a day"):
        settings.clock(found)


def test_without_a_key_nothing_personal_can_be_read(tmp_path, monkeypatch):
    found = load_settings(written(tmp_path, GOOD))
    monkeypatch.delenv("PLUMBLINE_KEY", raising=False)
    with pytest.raises(ConfigError, match="PLUMBLINE_KEY is not set"):
        settings.privacy_key(found)
    monkeypatch.setenv("PLUMBLINE_KEY", "x" * 16)
    assert settings.privacy_key(found) == b"x" * 16


def test_the_published_key_of_the_sample_hashes_no_one_elses_people(tmp_path, monkeypatch):
    """The bundled settings without [sample], as the README's first step leaves them half done."""
    monkeypatch.setenv("PLUMBLINE_KEY", "x" * 16)
    bundled = (settings.ROOT / "plumbline.toml").read_text(encoding="utf-8")
    ours = re.sub(r"(?ms)^\[(sample|sources\.\w+)\].*?(?=^\[)", "", bundled)
    assert 'key = "sample"' in ours and "[sample]  " not in ours
    with pytest.raises(ConfigError, match="key = .sample. without .sample.*Write key = .env.*PLUM"):
        load_settings(written(tmp_path, ours))
    done = written(tmp_path, ours.replace('key = "sample"', 'key = "environment"'))
    assert settings.privacy_key(load_settings(done)) == b"x" * 16


def test_the_bundled_settings_are_valid():
    assert load_settings(settings.ROOT / "plumbline.toml").sample is not None


def test_yes_and_no_in_a_yaml_are_words_and_not_booleans(tmp_path):
    @strict
    class Said:
        words: dict[str, str]
        is_on: bool

    path = written(tmp_path, "words: {Yes: left, No: active, 1: one}\nis_on: true\n", "said.yml")
    assert read_yaml(path, Said).words == {"Yes": "left", "No": "active", "1": "one"}


def test_how_credit_is_handed_out_is_told_to_the_models(tmp_path):
    path = written(
        tmp_path,
        GOOD + "[attribution]\nlook_back_days = 30\nlook_back_steps = 5\nrepeats = 'first'\n"
        "excluded_channels = ['display', 'website']\nwindows = ['quarter', 'last 90 days']\n",
    )
    assert load_settings(path).attribution.rows() == {
        "attribution_look_back_days": "30",
        "attribution_look_back_steps": "5",
        "attribution_half_life_days": "7.0",
        "attribution_repeats": "first",
        "attribution_excluded_channels:display": "display",
        "attribution_excluded_channels:website": "website",
        "attribution_windows:quarter": "quarter",
        "attribution_windows:last 90 days": "last 90 days",
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("look_back = 30", r":5: unknown key 'attribution.look_back'; did you mean 'look_back_"),
        ("look_back_days = 0", r":5: 'attribution.look_back_days'.*found 0"),
        ("half_life_days = 0", r":5: 'attribution.half_life_days'"),
        ("half_life_days = inf", r":5: 'attribution.half_life_days'"),
        ("repeats = 'unique'", r":5: 'attribution.repeats'.*'collapse'"),
        ("windows = ['fortnight']", r"'attribution.windows.0'.*found 'fortnight'"),
        ("windows = []", r":5: 'attribution.windows'"),
        ("look_back_steps = 0", r":5: 'attribution.look_back_steps'"),
    ],
)
def test_a_rule_of_credit_that_cannot_be_is_refused(tmp_path, line, said):
    with pytest.raises(ConfigError, match=said):
        load_settings(written(tmp_path, GOOD + f"[attribution]\n{line}\n"))
