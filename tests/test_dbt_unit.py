"""dbt's own unit tests: the SQL of every rule, on rows small enough to check in the head."""

import os
import shutil
import subprocess
import sys

from settings import ROOT


def test_every_unit_test_of_the_models_holds(built, tmp_path):
    """They read the columns of the tables before them, so they run beside a finished build; by
    hand in the folder of the project, as an analyst would."""
    (tmp_path / "build").mkdir()
    shutil.copy(built.warehouse, tmp_path / "build" / "plumbline.duckdb")
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "test", "--select", "test_type:unit",
         "--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs"),
         "--no-use-colors"],
        cwd=ROOT / "dbt_project", env={**os.environ, "PLUMBLINE_DATA": str(tmp_path)},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-6000:]
    assert "ERROR=0" in last and "WARN=0" in last
    passed = int(last.split("PASS=")[1].split()[0])
    assert passed >= 30, last
