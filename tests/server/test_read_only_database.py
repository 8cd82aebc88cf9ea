"""What is only read may lie where nothing can be written."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from annotated_answers import annotate, token_question
from typer.testing import CliRunner

from spacy_causal.cli.app import app

NOBODY = 65534


@contextmanager
def without_rights():
    """Root may write everywhere: for a while the process is somebody else's."""
    is_root = os.geteuid() == 0
    if is_root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)


@pytest.fixture
def folder():
    """Where anybody may look, as nobody may in pytest's own folders."""
    made = Path(tempfile.mkdtemp(prefix="read-only"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@pytest.mark.parametrize("rights", [0o555, 0o777])
def test_stats_and_export(folder, rights, tmp_path):
    made, place = f"sqlite:///{tmp_path}/a.db", folder / "a b%.db"
    questions = [token_question(i) for i in range(2)]
    annotate(made, "one", "choice", questions, [[["PER"]], [["ORG"]]], names=["ann"])
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "a.db", place)
    place.chmod(0o444)
    folder.chmod(rights)
    url, output = f"sqlite:///{place}", folder.with_suffix(".jsonl")
    with without_rights():
        shown = CliRunner().invoke(app, ["stats", "one", "--db", url])
        options = ["--format", "jsonl", "--db", url]
        written = CliRunner().invoke(app, ["export", "one", str(output), *options])
        lines = output.read_text().splitlines()
        output.unlink()
    assert shown.exit_code == 0 and "K = 2" in shown.output, shown.output
    assert written.exit_code == 0 and len(lines) == 2, written.output
