"""Two files that are annotated with different labels are nothing to simulate on."""

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.corpus.files import empty_docbin, read_spacy, write_docbin

QUICK = ("--initial", "0.5", "--steps", "1")


def tagged(path, *tags):
    docs = empty_docbin()
    for _ in range(4):
        words = ["cats", "sleep", "well"]
        docs.add(Doc(spacy.blank("en").vocab, words=words, tags=list(tags)))
    write_docbin(path, docs)
    return path


@pytest.mark.parametrize("command", ["simulate-feedback", "simulate-active"])
def test_labels_that_nothing_teaches_are_named(tmp_path, command):
    train = tagged(tmp_path / "a.spacy", "NNS", "VBP", "RB")
    dev = tagged(tmp_path / "b.spacy", "NOUN", "VERB", "RB")
    found = CliRunner().invoke(app, [command, str(train), str(dev), *QUICK])
    assert found.exit_code == 1
    said = " ".join(found.output.split())
    assert "8 of 12 tokens with a 'tag' label" in said
    assert "does not know: NOUN, VERB." in said


def test_some_labels_of_dev_may_be_new(tmp_path):
    train = tagged(tmp_path / "a.spacy", "NNS", "VBP", "RB")
    dev = tagged(tmp_path / "b.spacy", "NNS", "VBP", "JJ")
    arguments = [str(train), str(dev), *QUICK, "--no-bounds"]
    found = CliRunner().invoke(app, ["simulate-feedback", *arguments])
    assert found.exit_code == 0, found.output


def test_a_model_may_know_what_its_texts_do_not_teach(tmp_path):
    """Are labels forgotten while others are learnt?"""
    train = tagged(tmp_path / "a.spacy", "NNS", "VBP", "RB")
    dev = tagged(tmp_path / "b.spacy", "NOUN", "VERB", "RB")
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger")
    docs = list(read_spacy(dev, nlp.vocab))
    nlp.initialize(lambda: [Example(nlp.make_doc(x.text), x) for x in docs])
    nlp.to_disk(tmp_path / "model")
    arguments = [str(train), str(dev), "--initial", "0.5", "--no-bounds"]
    arguments += ["--model", str(tmp_path / "model")]
    found = CliRunner().invoke(app, ["simulate-feedback", *arguments])
    assert found.exit_code == 0, found.output
