"""The sample organization: generated from one seed, served by simulated vendors on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from settings import Run, Sample

HERE = Path(__file__).parent
VENDORS = ("mastodon", "hubspot", "bamboohr")
MARKER = "made_from.txt"


@contextlib.contextmanager
def started(run: Run) -> Iterator[dict[str, str]]:
    """Make the organization in `run.paths.sample` unless it stands there, and serve its vendors.

    Yields {vendor: base url} for as long as the context lasts. The marker is written last: a
    generation that was killed is done again, and so is one of another seed, scale, day or code.
    """
    import orjson

    from ingestion.sample.vendors import serve

    ensure(run)
    folder = run.paths.sample / "vendors"
    data = {vendor: orjson.loads((folder / f"{vendor}.json").read_bytes()) for vendor in VENDORS}
    with serve(data) as addresses:
        yield addresses


def ensure(run: Run) -> Path:
    """The folder of the organization as of `run.as_of`, made when it is not there."""
    from ingestion.sample.organization import generate

    sample = run.settings.sample or Sample()
    wanted = f"seed {sample.seed}, scale {sample.scale}, as of {run.as_of}, code {code()}\n"
    folder = run.paths.sample
    marker = folder / MARKER
    if not (marker.exists() and marker.read_text(encoding="utf-8") == wanted):
        shutil.rmtree(folder, ignore_errors=True)
        generate(folder, run.as_of, sample.seed, sample.scale)
        marker.write_text(wanted, encoding="utf-8")
    return folder


def code() -> str:
    """Hash of the generator's own files (not of the vendors' servers)."""
    found = hashlib.sha256()
    for path in sorted([*HERE.glob("*.py"), HERE / "mapping.yml"]):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]
