"""The shape of the house: what may import what, who writes where, and what is never said."""

import ast
import re
import tomllib

import pytest
import yaml

from ingestion.specs import tables
from settings import ROOT

PACKAGES = ("ingestion", "expectations", "metrics")
MODELS = ROOT / "dbt_project" / "models"
LAYERS = {"staging": 0, "intermediate": 1, "marts": 2, "people": 2}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "core", "base", "manager"}
REFUSED = re.compile(
    r"advertising_value|(^|_)aves?($|_)|(influence|social|success|composite|klout)_?score"
    r"|ad_value_equivalent|reach_(sum|total)|(sum|total)_reach"
)
SQL_FILES = sorted((ROOT / "dbt_project").rglob("*.sql"))
MODEL_FILES = sorted(MODELS.rglob("*.sql"))


def code(path):
    """A model without its comments."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"--[^\n]*", "", text)


def described():
    """Every model that a YAML describes: (file, its entry)."""
    for path in sorted((ROOT / "dbt_project").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("models") or []:
            if isinstance(model, dict):
                yield path, model


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_meet_in_the_warehouse_and_never_import_each_other(package):
    others = {*PACKAGES, "pipeline", "tests", "bench"} - {package}
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import)
                else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )  # fmt: skip
            wrong = {name.split(".")[0] for name in names} & others
            assert not wrong, f"{path} imports {wrong}"


def test_the_settings_are_a_leaf():
    imported = set()
    for node in ast.walk(ast.parse((ROOT / "settings.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert not imported & {*PACKAGES, "pipeline"}


def test_no_file_is_named_for_nothing():
    for folder in (*PACKAGES, "tests", "dbt_project", "bench"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".sql"}:
                assert path.stem not in FORBIDDEN_NAMES, path


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda p: p.stem)
def test_only_staging_reads_sources_and_no_layer_reads_a_later_one(path):
    layer = path.relative_to(MODELS).parts[0]
    text = code(path)
    if layer != "staging":
        assert "source(" not in text, f"{path} reads a source; read its staging model"
    where = {file.stem: file.relative_to(MODELS).parts[0] for file in MODEL_FILES}
    for name in re.findall(r"ref\(\s*['\"](\w+)['\"]\s*\)", text):
        if name in where:
            assert LAYERS[where[name]] <= LAYERS[layer], f"{path} reads the later {name}"


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda p: p.stem)
def test_models_have_no_clock(path):
    assert not re.search(
        r"\b(current_date|current_timestamp|getdate|localtimestamp|now)\b\s*(\(|$|,|\s)", code(path)
    ), path


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda p: p.stem)
def test_models_keep_to_the_portable_dialect(path):
    text = code(path).lower()
    for word in (r"\bqualify\b", r"::", r"\bfilter\s*\(\s*where", r"\barg_m(in|ax)\b",
                 r"\bany_value\b", r"\bgroup by all\b", r"\binterval\s+'?\d"):  # fmt: skip
        assert not re.search(word, text), f"{path} uses {word}"


@pytest.mark.parametrize("path", MODEL_FILES, ids=lambda p: p.stem)
def test_models_are_named_for_their_layer(path):
    layer = path.relative_to(MODELS).parts[0]
    pattern = {
        "staging": rf"stg_{path.parent.name}__\w+",
        "intermediate": r"int_\w+",
        "marts": r"(dim|fct|bridge)_\w+|mmm_weeks|metric_availability",
        "people": r"fct_\w+",
    }[layer]
    assert re.fullmatch(pattern, path.stem), path


def test_every_mart_is_described_by_its_grain_first_and_has_an_enforced_contract():
    marts = {p.stem for p in MODEL_FILES if p.relative_to(MODELS).parts[0] in ("marts", "people")}
    project = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    for folder in ("marts", "people"):
        assert project["models"]["plumbline"][folder]["+contract"] == {"enforced": True}
    project = yaml.safe_load((ROOT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    for layer in ("marts", "people"):  # one place, so that a new mart cannot forget it
        assert project["models"]["plumbline"][layer]["+contract"] == {"enforced": True}, layer
    found = {}
    for path, model in described():
        if model["name"] in marts:
            found[model["name"]] = model
            assert re.match(r"One row per ", model.get("description", "")), (path, model["name"])
            own = model.get("config", {}).get("contract", {"enforced": True})
            assert own["enforced"] is True, (path, model["name"])
            key = model["columns"][0]
            tests = {t if isinstance(t, str) else next(iter(t)) for t in key.get("data_tests", [])}
            assert key["name"].endswith("_key"), (path, model["name"], key["name"])
            assert {"unique", "not_null"} <= tests, (path, model["name"])
    assert found.keys() == marts, f"not described: {marts - found.keys()}"


def test_refused_numbers_stay_refused():
    names = [(path, column["name"]) for path, model in described()
             for column in model.get("columns", [])]  # fmt: skip
    names += [(table.file, column) for table in tables() for column in table.spec.columns]
    for path in sorted((ROOT / "metrics").rglob("*.yml")):
        for section in ("metrics",):
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
            entries = data.get(section) if isinstance(data, dict) else None
            names += [(path, entry["name"]) for entry in entries or [] if isinstance(entry, dict)]
    assert len(names) > 500
    for path, name in names:
        assert not REFUSED.search(name), f"{path}: {name} is refused (law 13)"


def test_the_refusal_itself_works():
    for name in ("ave", "ave_total", "influence_score", "social_score", "reach_sum"):
        assert REFUSED.search(name), name
    for name in ("average_frequency", "reach_people", "leave_voluntary", "score", "saves"):
        assert not REFUSED.search(name), name


def test_every_raw_table_says_its_grain_and_owner():
    for table in tables():
        assert table.spec.grain.startswith("One row per "), table.file
        assert table.spec.owner.endswith("_lead"), table.file


def test_locks_are_pinned_with_hashes_and_name_no_registry():
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[A-Za-z0-9_.\-\[\]]+==\S+", text, flags=re.M)
        assert len(pins) > 80
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text and "--index-url" not in text and "--find-links" not in text


def test_the_locks_agree_and_hold_what_is_asked_for():
    def pins(name):
        text = (ROOT / name).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9_.\-]+)(?:\[.*\])?==(\S+)", text, flags=re.M))

    assert pins("requirements.lock") <= pins("requirements-test.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {re.match(r"[a-z0-9_.\-]+", item.lower())[0] for item in project["dependencies"]}
    assert asked <= {name for name, _ in pins("requirements.lock")}


def test_no_dependency_at_run_time_is_gpl():
    from importlib.metadata import PackageNotFoundError, metadata

    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    for name in re.findall(r"^([A-Za-z0-9_.\-]+)==", text, flags=re.M):
        try:
            meta = metadata(name)
        except PackageNotFoundError:  # a package of another platform
            continue
        offered = [c for c in meta.get_all("Classifier") or [] if c.startswith("License ::")]
        offered = offered or [meta.get("License-Expression") or ""]
        # Of several licences one may be chosen; only a package with nothing else is refused.
        assert not all(re.search(r"(?<!L)GPL", c) and "Lesser" not in c for c in offered), name


def test_the_readme_is_at_most_two_screens():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 100


def test_no_file_names_this_or_any_machine():
    for path in ROOT.rglob("*"):
        if path.is_dir() or {".git", ".venv", "data"} & set(path.relative_to(ROOT).parts):
            continue
        if path.suffix in {".py", ".sql", ".yml", ".toml", ".md", ".html", ".lock"} or (
            path.name in {"Makefile", "run"}
        ):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(work|root|farm)/\w|pypi\.|pythonhosted", text) or (
                path.name == "test_layout.py"
            ), path
