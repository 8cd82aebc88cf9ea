"""`spacy train` with the configs of this project, on a corpus of a few sentences."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import DocBin, Span
from spacy.training import Example
from spacy.training.pretrain import pretrain
from spacy.util import load_config

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


def test_an_encoder_trained_before_intervenes_on_the_new_confounders(
    corpus, tmp_path, nlp
):
    trained = run("cnn.cfg", corpus, tmp_path / "first")
    told = trained.get_pipe("tok2vec").model.attrs["intervene_on"]["told"]
    assert list(told) == ["causal_ner"] and told["causal_ner"]
    texts = {"judge Anna Li spoke": "PER", "shares Acme Co fell": "ORG"}
    docs = [nlp(text) for text in texts]
    for doc in docs:
        doc.set_ents([Span(doc, 1, 3, texts[doc.text])])
    other = tmp_path / "other.spacy"
    write_docbin(other, DocBin(docs=docs * 20))
    overrides = {
        "components.tok2vec": {"source": str(tmp_path / "first/model/model-last")},
        "components.causal_ner.model.tok2vec.width": 96,
    }
    again = run("cnn.cfg", other, tmp_path, **overrides)
    words = {confounder.word for confounder in again.get_pipe("causal_ner").confounders}
    encoder = again.get_pipe("tok2vec").model.attrs["intervene_on"]
    assert words and set(encoder["words"]) == words


def test_pretrained_weights_leave_the_interventions(corpus, tmp_path):
    raw, config = tmp_path / "raw.jsonl", tmp_path / "pretrain.cfg"
    raw.write_text('{"text": "Anna Smith spoke in Paris ."}\n' * 4)
    fill_config(config, CONFIGS / "cnn.cfg", pretraining=True, silent=True)
    paths = {"paths.raw_text": str(raw), "paths.train": str(corpus)}
    overrides = {**paths, "pretraining.max_epochs": 1}
    pretrain(load_config(config, overrides, interpolate=True), tmp_path)
    weights = {"initialize.init_tok2vec": str(tmp_path / "model-last.bin")}
    nlp = run(config, corpus, tmp_path, **weights, **paths)
    words = {confounder.word for confounder in nlp.get_pipe("causal_ner").confounders}
    encoder = nlp.get_pipe("tok2vec").model.attrs["intervene_on"]
    assert words and set(encoder["words"]) == words


def test_how_often_a_model_is_saved_changes_nothing(corpus, tmp_path):
    reader = {"@readers": "spacy-causal.Corpus.v1", "path": str(corpus)}
    refresh = {"@callbacks": "spacy-causal.refresh_confounders.v1", "corpus": reader}
    weights = []
    for often in (2, 6):
        folder = tmp_path / str(often)
        overrides = {
            "training.max_steps": 6,
            "training.eval_frequency": often,
            "training.optimizer.use_averages": True,
            "training.before_to_disk": refresh,
        }
        nlp = run("cnn.cfg", corpus, folder, **overrides)
        weights.append([nlp.get_pipe(x).model.to_bytes() for x in nlp.pipe_names])
    assert weights[0] == weights[1]


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


def test_a_sourced_component_gets_new_labels_where_it_is_from(corpus, tmp_path):
    nlp = spacy.blank("en")
    pipe = nlp.add_pipe("causal_ner")
    pipe.add_label("LOC")
    nlp.initialize(lambda: [_without_entities(nlp)])
    nlp.to_disk(tmp_path / "first")
    settings = load_config(CONFIGS / "cnn.cfg")
    settings["nlp"]["pipeline"] = ["causal_ner"]
    settings["components"] = {"causal_ner": {"source": str(tmp_path / "first")}}
    settings.to_disk(tmp_path / "more.cfg")
    with pytest.raises(ValueError, match="pipeline that the component is sourced from"):
        run(tmp_path / "more.cfg", corpus, tmp_path)
    for label in LABELS:
        pipe.add_label(label)
    nlp.to_disk(tmp_path / "first")
    taught = run(tmp_path / "more.cfg", corpus, tmp_path)
    assert set(taught.get_pipe("causal_ner").labels) == set(LABELS)


def _without_entities(nlp):
    return Example.from_dict(nlp.make_doc("Nobody."), {"entities": []})
