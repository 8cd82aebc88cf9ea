"""What is only read may lie where nothing can be written."""

import os
import shutil
import tempfile
from contextlib import contextmanager
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
def test_stats_and_export(folder, rights):
    url, output = f"sqlite:///{folder}/a b%.db", folder.with_suffix(".jsonl")
    questions = [token_question(i) for i in range(2)]
    annotate(url, "one", "choice", questions, [[["PER"]], [["ORG"]]], names=["ann"])
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(rights)
    with without_rights():
        shown = CliRunner().invoke(app, ["stats", "one", "--db", url])
        options = ["--format", "jsonl", "--db", url]
        written = CliRunner().invoke(app, ["export", "one", str(output), *options])
        lines = output.read_text().splitlines()
        output.unlink()
    assert shown.exit_code == 0 and "K = 2" in shown.output, shown.output
    assert written.exit_code == 0 and len(lines) == 2, written.output
