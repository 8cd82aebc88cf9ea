"""Which labeller is meant, wherever none has to be named."""

import pytest
import spacy
import srsly
from spacy.tokens import DocBin
from typer.testing import CliRunner

from spacy_causal.cli.app import app
from spacy_causal.experiments.pipelines import find_component
from spacy_causal.pipeline.finding import find_labeller, labellers_of
from spacy_causal.server.export import export
from spacy_causal.server.pipelines import load_pipeline

BOTH = "The pipeline has tags and entities: say which (--component)."


def pipeline_of(**pipes):
    nlp = spacy.blank("en")
    for name, factory in pipes.items():
        nlp.add_pipe(factory, name=name)
    return nlp


@pytest.fixture
def nlp():
    return pipeline_of(tags="causal_tagger", entities="causal_ner")


@pytest.fixture
def files(nlp, examples, tmp_path):
    """A trained pipeline with two labellers, and what is annotated for both."""
    nlp.initialize(lambda: examples)
    nlp.to_disk(tmp_path / "model")
    DocBin(docs=[eg.reference for eg in examples]).to_disk(tmp_path / "data.spacy")
    return tmp_path / "model", tmp_path / "data.spacy"


def call(*arguments):
    found = CliRunner().invoke(app, [*map(str, arguments)])
    assert found.exception is None or isinstance(found.exception, SystemExit), found
    return found


@pytest.mark.parametrize(
    ("pipes", "or_else", "found"),
    [
        ({"a": "causal_ner"}, (), "a"),
        ({"a": "sentencizer", "b": "causal_tagger", "c": "ner"}, (), "b"),
        ({"a": "tagger", "b": "causal_ner"}, ("tagger",), "b"),
        ({"a": "causal_ner", "b": "tagger"}, ("tagger",), "a"),
        ({"a": "sentencizer", "b": "tagger"}, ("tagger",), "b"),
    ],
)
def test_the_only_one_is_meant_and_ours_before_others(pipes, or_else, found):
    assert find_labeller(pipeline_of(**pipes), or_else=or_else) == found


def test_the_one_that_is_named(nlp):
    nlp.add_pipe("tagger")
    assert labellers_of(nlp) == ["tags", "entities"]
    for name in ("tags", "entities"):
        assert find_labeller(nlp, name) == name
        assert find_labeller(nlp, name, or_else=("tagger",)) == name
    assert find_labeller(nlp, "tagger", or_else=("tagger",)) == "tagger"


@pytest.mark.parametrize(
    ("pipes", "named", "said"),
    [
        ({}, None, "no causal_ner or causal_tagger: it has no pipes"),
        ({"a": "tagger"}, None, "no causal_ner or causal_tagger: it has a"),
        ({"a": "tagger"}, "a", "no a that is a causal_ner or causal_tagger"),
        ({"a": "causal_ner"}, "b", "no b that is a causal_ner or causal_tagger"),
        ({"a": "causal_ner", "b": "causal_ner"}, None, "has a and b: say which"),
    ],
)
def test_what_cannot_be_told(pipes, named, said):
    with pytest.raises(ValueError, match=said):
        find_labeller(pipeline_of(**pipes), named)


def test_all_ask_which_of_two(files, tmp_path):
    model, data = files
    pool, url = tmp_path / "pool.txt", f"sqlite:///{tmp_path}/answers.db"
    pool.write_text("Anna left .\n")
    for command in (
        ("calibrate", model, data),
        ("card", model, data),
        ("select", model, pool, "--budget", 1, "-o", tmp_path / "batch.jsonl"),
        ("simulate-feedback", data, data, "--model", model, "--initial", 0.5),
        ("feedback", "answers", model, pool, "--db", url),
    ):
        found = call(*command)
        assert found.exit_code == 1, command
        assert BOTH in " ".join(found.output.split()), command
    with pytest.raises(ValueError, match="say which"):
        export([], tmp_path / "x.spacy", "spacy", str(model))
    assert not (tmp_path / "batch.jsonl").exists()
    assert not (tmp_path / "x.spacy").exists()


@pytest.mark.parametrize("name", ["tags", "entities"])
def test_all_take_the_one_that_is_named(name, files, examples, tmp_path):
    model, data = files
    nlp, found = load_pipeline(str(model), name, ["NEW"])
    assert found == name
    assert [x for x in labellers_of(nlp) if "NEW" in nlp.get_pipe(x).labels] == [name]
    docs = [eg.reference for eg in examples]
    assert find_component(nlp, docs, data, name) == name
    assert export([], tmp_path / "x.spacy", "spacy", str(model), name) == 0
    figures = tmp_path / "figures.json"
    shown = call("calibrate", model, data, "--component", name, "--json", figures)
    assert shown.exit_code == 0, shown.output
    assert srsly.read_json(figures)["component"] == name


def test_what_is_annotated_tells_which_one_learns(nlp, examples, tmp_path):
    docs = [eg.reference for eg in examples]
    with pytest.raises(ValueError, match="say which"):
        find_component(nlp, docs, tmp_path)
    for doc in docs:
        for token in doc:
            token.tag_ = token.pos_ = ""
    assert find_component(nlp, docs, tmp_path) == "entities"
    with pytest.raises(ValueError, match="no 'tag' annotation"):
        find_component(nlp, docs, tmp_path, "tags")
