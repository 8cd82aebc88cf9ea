"""No command writes over what it reads, or goes on with a pipeline that cannot read."""

import pytest
import spacy
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


@pytest.mark.parametrize(
    "command",
    [
        "effects MODEL IN.spacy",
        "augment IN.spacy OUT.spacy --model MODEL",
        "seqmix IN.spacy OUT.spacy --model MODEL",
        "select MODEL IN.spacy --budget 1 -o OUT.jsonl",
        "simulate-feedback IN.spacy IN.spacy --model MODEL --initial 0.5",
        "calibrate MODEL IN.spacy --output OUT",
        "card MODEL IN.spacy --output OUT.md",
    ],
)
def test_a_pipeline_that_was_never_trained_is_said(
    examples, tmp_path, command, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner")
    nlp.to_disk("MODEL")
    DocBin(docs=[example.reference for example in examples]).to_disk("IN.spacy")
    found = CliRunner().invoke(app, command.split())
    assert found.exit_code == 1
    assert "'causal_ner' could not be run" in " ".join(found.output.split())
    assert not list(tmp_path.glob("OUT*"))
