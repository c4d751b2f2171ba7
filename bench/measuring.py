"""One process, measured from outside: the operating system's own account of it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

from settings import ROOT

LEFT_OUT = ("AS_OF", "STRICT", "FORCE", "WAIT", "PLUMBLINE_CONFIG", "PLUMBLINE_DATA")


@dataclasses.dataclass(frozen=True)
class Figures:
    """wall and processor in seconds, peak resident memory in MB of the largest process."""

    wall: float
    processor: float
    memory: float
    printed: str


def measured(arguments: list[str], **environment: str) -> Figures:
    """Run Python with these arguments in the repository. Raises RuntimeError when it fails."""
    env = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**env, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}:\n{printed}")
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, printed)


def settings_file(folder: Path, text: str) -> Path:
    """A plumbline.toml of its own for a measurement."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "plumbline.toml"
    path.write_text(text, encoding="utf-8")
    return path
