"""`python -m spacy causal confounders`, as a user calls it."""

import subprocess
import sys

import pytest
import spacy
from small_encoders import cnn

TAGGER = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": cnn()}


def call(*arguments):
    command = [sys.executable, "-m", "spacy", "causal", "confounders", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def model(nlp, examples, tmp_path):
    frequent = {"@misc": "spacy-causal.frequent_confounders.v1"}
    nlp.add_pipe("causal_ner", config={"confounders": frequent})
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(3):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(tmp_path / "model")
    return str(tmp_path / "model")


def test_the_dictionary_with_what_it_moves(model):
    shown = call(model, "--top", "3")
    assert shown.returncode == 0, shown.stderr
    assert "P(z)" in shown.stdout
    assert "3 of " in shown.stdout
    rows = [line for line in shown.stdout.splitlines() if line.startswith(".")]
    assert any(label in rows[0] for label in ("PER", "ORG", "LOC"))


def test_effects_name_every_confounder_and_label(model):
    pipe = spacy.load(model).get_pipe("causal_ner")
    effects = pipe.confounder_effects()
    assert set(effects) == {c.word for c in pipe.confounders}
    assert all(set(moved) == set(pipe.labels) for moved in effects.values())


def test_a_component_that_is_not_there(model):
    shown = call(model, "--component", "parser")
    assert shown.returncode == 1
    assert "has no parser that is a causal_ner" in " ".join(shown.stdout.split())


def test_a_pipeline_that_is_not_there(tmp_path):
    shown = call(str(tmp_path / "nothing"))
    assert shown.returncode == 1
    assert "Can't find model" in shown.stdout
    assert "Traceback" not in shown.stderr


def test_a_component_without_confounders(nlp, tmp_path):
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "model")
    shown = call(str(tmp_path / "model"), "--component", "sentencizer")
    assert shown.returncode == 1
    assert "has no sentencizer that is a causal_ner" in " ".join(shown.stdout.split())


def test_a_model_that_they_do_not_reach(nlp, examples, tmp_path):
    model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": cnn()}
    frequent = {"@misc": "spacy-causal.frequent_confounders.v1"}
    nlp.add_pipe("causal_ner", config={"model": model, "confounders": frequent})
    nlp.initialize(lambda: examples)
    nlp.to_disk(tmp_path / "model")
    shown = call(str(tmp_path / "model"), "--top", "1")
    assert shown.returncode == 0, shown.stderr
    assert "1 of " in shown.stdout
    (row,) = (line for line in shown.stdout.splitlines() if line.startswith(". "))
    assert row.split()[-2:] == ["-", "-"]


def test_of_the_labeller_that_there_is(examples, tmp_path):
    tagger = spacy.blank("en")
    tagger.add_pipe("causal_tagger", name="slots", config={"model": TAGGER})
    tagger.initialize(lambda: examples)
    tagger.to_disk(tmp_path / "model")
    shown = call(str(tmp_path / "model"))
    assert shown.returncode == 0, shown.stdout
    n = len(tagger.get_pipe("slots").confounders)
    assert f"of {n} confounders" in shown.stdout
