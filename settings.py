"""The organization's settings, read strictly: the one leaf every package may import.

`plumbline.toml` (or `$PLUMBLINE_CONFIG`) says what the organization is; `data/` (or
`$PLUMBLINE_DATA`) holds everything a build writes; `$AS_OF` is the clock. A key that nothing
reads is an error that names the file, the line and the nearest known name, because a setting
with a typo is a setting that silently does not hold.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import functools
import os
import re
import tomllib
import types
import typing
from collections.abc import Callable
from pathlib import Path

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

ROOT = Path(__file__).resolve().parent
STRICT = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
SAMPLE_KEY = "plumbline-sample-key-not-a-secret"


class ConfigError(ValueError):
    """A file of ours says something we cannot take; the text names file, line and remedy."""


@dataclass(frozen=True, config=STRICT)
class Organization:
    """The organization. `fiscal_calendar` "months" begins with the first of
    `fiscal_year_start_month`. The retail calendars count whole weeks, which begin on weekday
    `fiscal_week_start` (1 is Monday): the year ends on the day before such a weekday that is
    `nearest` to the end of the month before `fiscal_year_start_month`, or the `last` in it, and
    has 52 weeks or 53, the 53rd in the last month. `docs/money_and_days.md` has examples."""

    name: str
    currency: str = "EUR"
    time_zone: str = "UTC"
    fiscal_year_start_month: typing.Annotated[int, Field(ge=1, le=12)] = 1
    fiscal_calendar: typing.Literal["months", "4-4-5", "4-5-4", "5-4-4"] = "months"
    fiscal_week_start: typing.Annotated[int, Field(ge=1, le=7)] = 1
    fiscal_year_end: typing.Literal["nearest", "last"] = "nearest"
    as_of: dt.date | None = None
    industry: str | None = None
    holidays: tuple[str, ...] = ()

    @property
    def has_own_year(self) -> bool:
        """Whether the fiscal year is not the calendar year."""
        return self.fiscal_calendar != "months" or self.fiscal_year_start_month != 1

    def rows(self) -> dict[str, str]:
        """What models know of the organization, but for the clock."""
        return {
            "organization_name": self.name,
            "reporting_currency": self.currency,
            "time_zone": self.time_zone,
            "fiscal_year_start_month": str(self.fiscal_year_start_month),
            "fiscal_calendar": self.fiscal_calendar,
            "fiscal_week_start": str(self.fiscal_week_start),
            "fiscal_year_end": self.fiscal_year_end,
        }


@dataclass(frozen=True, config=STRICT)
class Privacy:
    key: typing.Literal["environment", "sample", "public"] = "environment"
    """`public` is the sample's key for data in which every name is public already."""


@dataclass(frozen=True, config=STRICT)
class Sample:
    seed: int = 7
    scale: int = 1


@dataclass(frozen=True, config=STRICT)
class Source:
    """An API source; secrets never stand here but in `$<NAME>_TOKEN` (upper case)."""

    base_url: str
    owner: str
    accounts: tuple[str, ...] = ()
    start: dt.date | None = None
    company: str | None = None


@dataclass(frozen=True, config=STRICT)
class Feeds:
    """`folders` hold a mapping.yml each; `mappings` are entries as in one (`ingestion/mapping.py`
    says what they may hold), their files relative to the repository."""

    folders: tuple[str, ...] = ()
    mappings: tuple[dict[str, typing.Any], ...] = ()
    owner: str = "data_lead"


@dataclass(frozen=True, config=STRICT)
class Publish:
    keep: int = 5
    postgres: bool = False
    webhook_url: str | None = None


@dataclass(frozen=True, config=STRICT)
class Metabase:
    """The server that shows the dashboards; its key stands in $PLUMBLINE_METABASE_KEY.

    `connection` is how it reads: "postgres" (what [publish] postgres fills) or "duckdb" (the
    served file, through the community driver). `publications` is data/publications as the server
    sees it, `postgres_host` the database server as it sees that. `admin_email` is for the first
    set-up. `recipients` are e-mail addresses by group. `with_build` applies after every build;
    `home` makes the goals' dashboard the server's first page.
    """

    url: str
    connection: typing.Literal["postgres", "duckdb"] = "duckdb"
    publications: str | None = None
    postgres_host: str | None = None
    admin_email: str | None = None
    recipients: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    with_build: bool = True
    home: bool = True


@dataclass(frozen=True, config=STRICT)
class Metrics:
    """Folders and the file of what is wanted, how it hangs together and what changed on purpose."""

    goals: str = "metrics/goals"
    trees: str = "metrics/trees"
    causes: str = "metrics/causes.yml"


@dataclass(frozen=True, config=STRICT)
class MixModel:
    """`outcomes` are columns of marts.mmm_weeks, one model each; `draws` refits (or kept posterior
    draws) make the intervals; `estimator` "pymc" needs the extra `mmm`. No outcomes: no model."""

    outcomes: tuple[
        typing.Literal["leads_created", "leads_qualified", "orders", "revenue_reporting"], ...
    ] = ("leads_created", "leads_qualified", "orders", "revenue_reporting")  # fmt: skip
    draws: typing.Annotated[int, Field(ge=20, le=2000)] = 200
    seed: int = 7
    estimator: typing.Literal["built_in", "pymc"] = "built_in"


Window = typing.Annotated[str, Field(pattern=r"^(all|year|quarter|month|last [1-9]\d{0,3} days)$")]


@dataclass(frozen=True, config=STRICT)
class Attribution:
    """How credit is handed out; `docs/attribution.md` says what each choice does.

    Touches count from `look_back_days` before a conversion, the last `look_back_steps` of them
    (None: all) that the other settings leave. `repeats` of a channel on a path are kept, collapsed
    where they follow each other, or only the first is kept. `excluded_channels` never get credit,
    `last_resort_channels` only where a path has no other (direct visits, say). `windows` are the
    periods that channels are reported for: all, year, quarter, month or "last 90 days".
    """

    look_back_days: typing.Annotated[int, Field(ge=1, le=3_650)] = 90
    look_back_steps: typing.Annotated[int, Field(ge=1)] | None = None
    half_life_days: typing.Annotated[float, Field(gt=0, allow_inf_nan=False)] = 7.0
    repeats: typing.Literal["keep", "collapse", "first"] = "keep"
    excluded_channels: tuple[str, ...] = ()
    last_resort_channels: tuple[str, ...] = ()
    windows: typing.Annotated[tuple[Window, ...], Field(min_length=1)] = ("all", "year")

    def rows(self) -> dict[str, str]:
        """The settings as the models read them: one entry a value, lists one entry each."""
        found = {
            "attribution_look_back_days": str(self.look_back_days),
            "attribution_half_life_days": repr(self.half_life_days),
            "attribution_repeats": self.repeats,
        }
        if self.look_back_steps is not None:
            found["attribution_look_back_steps"] = str(self.look_back_steps)
        for name in ("excluded_channels", "last_resort_channels", "windows"):
            for value in getattr(self, name):
                found[f"attribution_{name}:{value}"] = value
        return found


Share = typing.Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=STRICT)
class Identity:
    """Who is who; `docs/identity.md` says what follows from each.

    A key that more than `most_records_per_key` CRM records share joins nobody, nor does an address
    whose local part is one of `shared_mailboxes`. `splink` "propose" lists likely pairs that share
    no key, from `propose_from` on; "apply" joins them too, from `apply_from` on.
    """

    most_records_per_key: typing.Annotated[int, Field(ge=2)] = 5
    shared_mailboxes: tuple[str, ...] = (
        "accounts", "accounting", "admin", "billing", "buchhaltung", "contact", "einkauf",
        "empfang", "help", "hello", "hr", "info", "invoice", "kontakt", "mail", "marketing",
        "office", "orders", "post", "procurement", "purchasing", "rechnung", "reception", "sales",
        "sekretariat", "service", "support", "team", "vertrieb", "webmaster", "zentrale",
    )  # fmt: skip
    splink: typing.Literal["off", "propose", "apply"] = "off"
    propose_from: Share = 0.9
    apply_from: Share = 0.999

    def rows(self) -> dict[str, str]:
        """What models know of it."""
        return {
            "identity_most_records_per_key": str(self.most_records_per_key),
            "identity_splink": self.splink,
            "identity_apply_from": repr(self.apply_from),
        }


@dataclass(frozen=True, config=STRICT)
class Settings:
    """Everything `plumbline.toml` may say. Paths in it are relative to the repository."""

    organization: Organization
    privacy: Privacy = Privacy()
    sample: Sample | None = None
    sources: dict[str, Source] = dataclasses.field(default_factory=dict)
    feeds: Feeds = Feeds()
    identity: Identity = Identity()
    metrics: Metrics = Metrics()
    mix_model: MixModel = MixModel()
    publish: Publish = Publish()
    metabase: Metabase | None = None
    attribution: Attribution = Attribution()


@dataclasses.dataclass(frozen=True)
class Paths:
    """Where a build writes. One file stem everywhere: DuckDB's catalog is named after it."""

    data: Path

    @property
    def warehouse(self) -> Path:
        return self.data / "build" / "plumbline.duckdb"

    @property
    def dlt(self) -> Path:
        return self.data / "build" / "dlt"

    @property
    def checked(self) -> Path:
        """What `check` sets aside while it runs."""
        return self.data / "build" / "checked"

    @property
    def quarantine(self) -> Path:
        """Rows that were kept out, written for people to correct."""
        return self.data / "quarantine"

    @property
    def corrections(self) -> Path:
        """Corrected rows, which every build reads."""
        return self.data / "corrections"

    @property
    def sample(self) -> Path:
        return self.data / "sample"

    @property
    def target(self) -> Path:
        return self.data / "build" / "target"

    @property
    def logs(self) -> Path:
        return self.data / "build" / "logs"

    @property
    def publications(self) -> Path:
        return self.data / "publications"

    @property
    def served(self) -> Path:
        return self.data / "served"

    @property
    def docs(self) -> Path:
        return self.data / "build" / "data_docs"


@dataclasses.dataclass(frozen=True)
class Run:
    """One build: its settings, its clock and its voice. Steps get it and nothing else."""

    settings: Settings
    paths: Paths
    run_id: str
    as_of: dt.date
    started_at: dt.datetime
    say: Callable[[str], None] = lambda text: None


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a step reports: `passed`, `degraded` (a source is stale) or `failed` (stop)."""

    status: typing.Literal["passed", "degraded", "failed"]
    lines: tuple[str, ...] = ()
    rows: int | None = None


def load_settings(path: Path | None = None) -> Settings:
    """Read plumbline.toml; `$PLUMBLINE_CONFIG` names another. Raises ConfigError; also for the
    sample's key without the sample: it is published, so its hashes hide nobody."""
    path = path or Path(os.environ.get("PLUMBLINE_CONFIG") or ROOT / "plumbline.toml")
    path = path if path.is_absolute() else ROOT / path
    found = read_toml(path, Settings)
    if found.privacy.key == "sample" and found.sample is None:
        raise ConfigError(
            f'{path}: [privacy] key = "sample" without [sample]: that key is published, and '
            'whoever has it finds the person behind a hash. Write key = "environment" and set '
            "PLUMBLINE_KEY (16 characters or more) in the environment. What was built with the "
            "sample's key must be built anew (make clean)."
        )
    return found


def load_paths() -> Paths:
    """`data/` beside this file, or `$PLUMBLINE_DATA`."""
    return Paths(Path(os.environ.get("PLUMBLINE_DATA") or ROOT / "data").resolve())


def clock(settings: Settings) -> dt.date:
    """The build's day: `$AS_OF`, else the settings' `as_of`, else today in UTC."""
    text = os.environ.get("AS_OF")
    if text:
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise ConfigError(
                f"AS_OF={text!r} is not a day: write it as 2026-09-30, or leave it out."
            ) from None
    return settings.organization.as_of or dt.datetime.now(dt.UTC).date()


def privacy_key(settings: Settings) -> bytes:
    """The organization's key for hashing personal identifiers. Raises ConfigError without one."""
    if settings.privacy.key != "environment":
        return SAMPLE_KEY.encode()
    key = os.environ.get("PLUMBLINE_KEY", "")
    if len(key) < 16:
        raise ConfigError(
            "PLUMBLINE_KEY is not set or shorter than 16 characters: personal identifiers are "
            "hashed with it before anything is written. Set it in the environment and keep it: "
            'another key makes other hashes. (Only for the sample: [privacy] key = "sample", with '
            "[sample].)"
        )
    return key.encode()


def read_toml(path: Path, kind: type) -> typing.Any:
    """Read a TOML file as `kind`, refusing unknown keys. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
        return checked(tomllib.loads(text), kind, path, lambda loc: _toml_line(text, loc))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file. Set PLUMBLINE_CONFIG to one.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML 1.2's booleans: only true and false, so that `Yes: left` is the word in the file."""


Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) if tag != "tag:yaml.org,2002:bool"
        else (tag, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"))
        for tag, pattern in resolvers
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}  # fmt: skip


def read_yaml(path: Path, kind: typing.Any) -> typing.Any:
    """Read a YAML file as `kind`, refusing unknown keys and repeated ones. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
        loader = Loader(text)
        tree = loader.get_single_node()
        _no_repeats(tree, path)
        data = loader.construct_document(tree) if tree else None
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    return checked(data, kind, path, lambda loc: _yaml_line(tree, loc))


def yaml_line(path: Path, loc: tuple) -> int | None:
    """The line of the entry `loc` (keys and list positions) of a YAML file, for errors that show
    only after reading: a name that the warehouse does not know."""
    return _yaml_line(_tree(path.read_text(encoding="utf-8")), loc)


@functools.lru_cache(maxsize=8)
def _tree(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=Loader)


def checked(
    data: typing.Any,
    kind: typing.Any,
    path: Path,
    line: Callable[[tuple], int | None] = lambda loc: None,
) -> typing.Any:
    """`data` as `kind`; every problem in one ConfigError, a line each."""
    try:
        return TypeAdapter(kind).validate_python(data)
    except ValidationError as errors:
        told = [(error, _steps(error, data)) for error in errors.errors()]
        # Where a value may be text or a table, the table's own errors say more.
        deeper = {loc[:-1] for error, loc in told if error["type"] != "string_type"}
        raise ConfigError(
            "\n".join(
                _sentence(error, loc, path, line, kind)
                for error, loc in told
                if error["type"] != "string_type" or loc not in deeper
            )
        ) from None


def _steps(error: typing.Any, data: typing.Any) -> tuple:
    """The keys and positions that lead to the error; pydantic names kinds between them."""
    steps: list[typing.Any] = []
    for part in error["loc"]:
        inside = isinstance(data, dict) and part in data
        if inside or (isinstance(data, (list, tuple)) and isinstance(part, int)):
            steps.append(part)
            data = data[part]
        elif part == error["loc"][-1] and error["type"] in MISSING:
            steps.append(part)
    return tuple(steps)


def _sentence(error: typing.Any, loc: tuple, path: Path, line: Callable, kind: typing.Any) -> str:
    at = line(loc)
    where = f"{path}:{at}" if at else str(path)
    name = ".".join(str(part) for part in loc)
    if error["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        known = _known(error, loc, kind)
        near = difflib.get_close_matches(str(loc[-1]), known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(known))}."
        return f"{where}: unknown key '{name}'; {hint}"
    if error["type"] in MISSING:
        return f"{where}: '{name}' is missing; add it."
    return f"{where}: '{name}': {error['msg']} (found {error.get('input')!r})."


MISSING = ("missing", "missing_argument")


def _known(error: typing.Any, loc: tuple, kind: typing.Any) -> list[str]:
    """The keys that may stand where an unknown one does."""
    kinds = _alternatives(kind)
    for part in loc[:-1]:
        kinds = [inner for one in kinds for inner in _alternatives(_inside(one, part))]
    fields = [one for one in kinds if hasattr(one, "__pydantic_fields__")]
    told = [one for one in fields if one.__name__ in error["loc"]]  # which of several was tried
    return sorted({key for one in told or fields for key in _keys(one)})


def _alternatives(kind: typing.Any) -> list[typing.Any]:
    """A union's members, or the one type."""
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return [inner for one in typing.get_args(kind) for inner in _alternatives(one)]
    return [kind]


def _inside(kind: typing.Any, part: typing.Any) -> typing.Any:
    """The type of an entry of a dataclass, a tuple or a dict."""
    if hasattr(kind, "__pydantic_fields__"):
        return _keys(kind).get(part)
    inner = typing.get_args(kind)
    return inner[1 if typing.get_origin(kind) is dict else 0] if inner else None


def _keys(kind: typing.Any) -> dict[str, typing.Any]:
    """The keys a strict dataclass takes, with their types."""
    known = kind.__pydantic_fields__.items()
    return {_key(name, field.validation_alias): field.annotation for name, field in known}


def _key(name: str, alias: typing.Any) -> str:
    """What a field is called in a file: the first of its other names, or its own."""
    return str(getattr(alias, "choices", [alias])[0] or name)


def strict(kind: type) -> type:
    """Decorator: a frozen dataclass for what a YAML of ours may say; unknown keys are refused."""
    return dataclass(frozen=True, config=STRICT)(kind)


def _yaml_line(tree: yaml.Node | None, loc: tuple) -> int | None:
    node, line = tree, None
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line or (tree.start_mark.line + 1 if tree else None)


def _no_repeats(node: yaml.Node | None, path: Path) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise ConfigError(f"{path}:{line}: '{key.value}' stands twice; keep one.")
            seen.add(key.value)
            _no_repeats(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _no_repeats(item, path)


def _toml_line(text: str, loc: tuple) -> int | None:
    names = [str(part) for part in loc if not isinstance(part, int)]
    if not names:
        return None
    table = ".".join(names[:-1])
    inside = table == ""
    for number, row in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\[?([^\]]+)\]", row)
        if header:
            inside = header[1].strip() == table
            if header[1].strip() == ".".join(names):
                return number
        elif inside and re.match(rf"\s*\"?{re.escape(names[-1])}\"?\s*=", row):
            return number
    return None
