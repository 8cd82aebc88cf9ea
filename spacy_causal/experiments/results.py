"""Rows of results: appended whole, so that a run resumes where it was stopped."""

import hashlib
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from spacy_causal.files import append_line

PACKAGES = ("spacy-causal", "spacy", "thinc", "torch", "numpy")


class Results:
    """A file of JSON lines, one a finished cell of an experiment.

    path (Path): Is made with its folder when the first row is appended.
    """

    def __init__(self, path: Path):
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """All rows; a last line that was cut off is not one.

        Raises ValueError for a line that is no row, with its number.
        """
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().split(b"\n")[:-1]
        numbered = enumerate(lines, start=1)
        return [self._row(number, line) for number, line in numbered if line.strip()]

    def done(self) -> set[str]:
        """The keys of the cells that need no second run."""
        return {row["key"] for row in self.rows()}

    def run(
        self,
        cells: Iterable[dict[str, Any]],
        run_cell: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Run the cells that no row is there for, in their order.

        YIELDS (tuple[dict, dict]): A cell and what came out, once it is written.
        """
        for cell in cells:
            if cell_key(cell) in self.done():
                continue
            started = time.perf_counter()
            outcome = run_cell(cell)
            outcome["seconds"] = round(time.perf_counter() - started, 1)
            self.append(cell, outcome)
            yield cell, outcome

    def append(self, cell: dict[str, Any], outcome: dict[str, Any]) -> None:
        """Add a finished cell: its settings, what came out, versions, the commit that
        was imported, the processor."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._drop_cut_line()
        row = {
            "key": cell_key(cell),
            **cell,
            **outcome,
            "versions": {name: version(name) for name in PACKAGES},
            "commit": COMMIT,
            "processor": processor(),
        }
        line = json.dumps(row, ensure_ascii=False) + "\n"
        append_line(self.path, line.encode("utf8"))

    def _row(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{self.path}:{number}: {error}") from None
        if not isinstance(row, dict) or "key" not in row:
            raise ValueError(f"{self.path}:{number}: no row of results.")
        return row

    def _drop_cut_line(self) -> None:
        """Take off a last line that an interrupted run left without its end."""
        if not self.path.exists():
            return
        text = self.path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole < len(text):
            os.truncate(self.path, whole)


def versions() -> dict[str, str]:
    """Of Python and the packages that results depend on."""
    found = {name: version(name) for name in PACKAGES}
    return {"Python": platform.python_version(), **found}


def commit_of(file: Path) -> str | None:
    """The commit that a file is of, with a "+" where something was changed since; None
    where no repository has it, as of an installed package."""
    commands = (
        ["git", "ls-files", "--error-unmatch", "--", file.name],
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
    )
    said = ""
    for command in commands:
        try:
            said = subprocess.run(
                command, cwd=file.parent, capture_output=True, text=True, check=True
            ).stdout
        except (OSError, subprocess.CalledProcessError):
            return None
    return said.strip()


def processor() -> str:
    """The processor's name; on another kind the last digits of a training differ."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()


# Of what runs: the files may change under a process that is running.
COMMIT = commit_of(Path(__file__))


def cell_key(cell: dict[str, Any]) -> str:
    """A short hash of a cell's settings, the same for the same settings."""
    text = json.dumps(cell, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:16]
