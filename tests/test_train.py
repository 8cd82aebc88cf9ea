"""`spacy train` with the configs of this project, on a corpus of a few sentences."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.cli.train import train
from spacy.tokens import DocBin

from spacy_causal.corpus.files import write_docbin
from spacy_causal.pipeline.examples import target_rows
from spacy_causal.tags.scheme import TagSet
from spacy_causal.targets.token_targets import TokenTargets, set_targets

CONFIGS = Path(__file__).parents[1] / "configs"
QUICK = {"training.max_steps": 2, "training.eval_frequency": 1}
LABELS = ("LOC", "ORG", "PER")


@pytest.fixture
def corpus(examples, tmp_path):
    path = tmp_path / "corpus.spacy"
    docs = DocBin(store_user_data=True, docs=[eg.reference for eg in examples] * 4)
    write_docbin(path, docs)
    return path


def run(config, corpus, tmp_path, **overrides):
    paths = {"paths.train": str(corpus), "paths.dev": str(corpus)}
    output = tmp_path / "model"
    train(CONFIGS / config, output, overrides={**paths, **QUICK, **overrides})
    return spacy.load(output / "model-last")


@pytest.mark.parametrize("config", ["cnn.cfg", "bilstm.cfg"])
def test_configs_train(config, corpus, tmp_path):
    nlp = run(config, corpus, tmp_path)
    assert nlp.get_pipe("causal_ner").labels == LABELS
    assert nlp("Anna Smith spoke .").has_annotation("ENT_IOB")


@pytest.mark.parametrize("config", ["cnn.cfg", "bilstm.cfg"])
def test_configs_leave_nothing_to_fill_in(config):
    loaded = spacy.util.load_config(CONFIGS / config)
    nlp = spacy.util.load_model_from_config(loaded, auto_fill=False)
    assert nlp.config["components"] == loaded["components"]


def test_the_transformer_config_is_whole(tmp_path):
    pytest.importorskip("spacy_transformers")
    config = spacy.util.load_config(CONFIGS / "transformer.cfg")
    assert config.interpolate()["components"]["transformer"]["model"]["mask"] is None


def test_a_stream_with_confounders_from_the_whole_corpus(corpus, tmp_path):
    reader = {"@readers": "spacy-causal.Corpus.v1", "path": str(corpus)}
    nlp = run(
        "cnn.cfg",
        corpus,
        tmp_path,
        **{
            "training.max_epochs": -1,
            "initialize.components.causal_ner": {
                "labels": list(LABELS),
                "confounder_corpus": reader,
            },
            "training.optimizer.use_averages": True,
            "training.before_to_disk": {
                "@callbacks": "spacy-causal.refresh_confounders.v1",
                "corpus": reader,
            },
        },
    )
    assert nlp.get_pipe("causal_ner").confounders


def test_soft_targets_in_a_file_are_what_is_trained_on(examples, tmp_path):
    tag_set = TagSet("biluo", LABELS)
    docs = []
    for example in examples:
        rows = target_rows([example], "ner", tag_set) * 0.9
        rows += np.float32(0.1 / len(tag_set))
        doc = example.reference.copy()
        set_targets(doc, "ner", TokenTargets("biluo", tag_set.names, rows))
        docs.append(doc)
    path = tmp_path / "soft.spacy"
    write_docbin(path, DocBin(store_user_data=True, docs=docs * 4))
    nlp = run("cnn.cfg", path, tmp_path, **{"training.max_steps": 60})
    for example in examples:
        found = [(e.text, e.label_) for e in nlp(example.text).ents]
        assert found == [(e.text, e.label_) for e in example.reference.ents]


def test_targets_that_a_docbin_dropped_are_missed(examples, tmp_path):
    doc = examples[0].reference.copy()
    for token in doc:
        token.tag_ = token.pos_ = ""
    rows = np.eye(2, dtype="f")[[0] * len(doc)]
    set_targets(doc, "ner", TokenTargets("io", ("O", "I-PER"), rows))
    path = tmp_path / "lost.spacy"
    DocBin(docs=[doc]).to_disk(path)
    with pytest.warns(UserWarning) as seen:
        run("cnn.cfg", path, tmp_path)
    said = " ".join(str(warning.message) for warning in seen)
    assert "has neither annotation nor token targets" in said
    assert "'causal_ner' found no labels for 'ner'" in said
