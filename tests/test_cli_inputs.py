"""No command writes over what it reads."""

import pytest
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_causal.cli.app import app

COMMANDS = {
    "card": ["card", "no-model", "DATA", "--output", "DATA"],
    "calibrate, figures": ["calibrate", "no-model", "DATA", "--json", "DATA"],
    "calibrate, page": ["calibrate", "no-model", "DATA", "--html", "DATA"],
    "effects": ["effects", "no-model", "DATA", "--html", "DATA"],
    "augment": ["augment", "FOLDER", "DATA", "--model", "no-model"],
    "seqmix": ["seqmix", "DATA", "DATA", "--model", "no-model"],
    "simulate-feedback": ["simulate-feedback", "DATA", "DATA", "--html", "DATA"],
    "simulate-active": ["simulate-active", "DATA", "DATA", "--html", "DATA"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_read_stays_as_it_is(examples, tmp_path, name):
    pytest.importorskip("matplotlib")
    path = tmp_path / "in" / "data.spacy"
    path.parent.mkdir()
    DocBin(docs=[example.reference for example in examples]).to_disk(path)
    before = path.read_bytes()
    places = {"DATA": str(path), "FOLDER": str(path.parent)}
    found = CliRunner().invoke(
        app, [places.get(argument, argument) for argument in COMMANDS[name]]
    )
    assert found.exit_code == 1
    said = " ".join(found.output.split())
    assert "is also an input" in said or "lies in the input folder" in said
    assert path.read_bytes() == before
    assert list(tmp_path.rglob("*")) == [path.parent, path]
