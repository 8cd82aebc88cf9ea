"""A temperature changes the probabilities that others read, and nothing else."""

import copy

import numpy as np
import pytest
import spacy
from small_encoders import cnn
from spacy.tokens import Doc, DocBin

from spacy_causal.display.mentions import mention_probabilities
from spacy_causal.pipeline.causal_tagger import CausalTagger
from spacy_causal.tags.decode import decode
from spacy_causal.targets.token_targets import get_targets

TEXT = "Anna Smith works for Acme Services in Paris ."
MODEL = {
    "@architectures": "spacy-causal.LinearTagger.v1",
    "tok2vec": cnn(width=32, embed_size=300),
}


def trained(examples, factory="causal_ner", steps=12, **config):
    nlp = spacy.blank("en")
    spacy.util.fix_random_seed(0)
    nlp.add_pipe(factory, name="labeller", config={"model": MODEL, **config})
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)
    return nlp


def said(doc):
    return [(t.ent_iob_, t.ent_type_, t.tag_) for t in doc]


def read(nlp):
    return nlp(Doc(nlp.vocab, words=TEXT.split()))


@pytest.mark.parametrize("factory", ["causal_ner", "causal_tagger"])
def test_what_is_shown_is_at_the_temperature(examples, factory):
    nlp = trained(examples, factory)
    nlp.add_pipe("candidate_scorer", config={"unit": "token", "k": 30})
    pipe, scorer = nlp.get_pipe("labeller"), nlp.get_pipe("candidate_scorer")
    before = read(nlp)
    pipe.temperature = 2.5
    after = read(nlp)
    assert said(after) == said(before)
    logits = pipe.predict([after]).logits / 2.5
    sums = np.exp(logits) @ _by_type(pipe.tag_set)
    expected = sums / sums.sum(axis=1, keepdims=True)
    names = _type_names(pipe.tag_set)
    for asked, row in zip(after._.candidates, expected, strict=True):
        shown = [row[names.index(label)] for label in asked.labels]
        np.testing.assert_allclose(asked.scores, shown, rtol=1e-5)
        assert sum(shown) == pytest.approx(1)
    assert before._.candidates[0].scores[0] > after._.candidates[0].scores[0]
    # Scores that nobody kept are read anew, and are the same.
    (alone,) = scorer.pipe([after.copy()])
    for asked, again in zip(after._.candidates, alone._.candidates, strict=True):
        np.testing.assert_array_equal(asked.scores, again.scores)


def _type_names(tag_set):
    spans = tag_set.scheme != "token"
    return [*(["O"] if spans else []), *tag_set.labels]


def _by_type(tag_set):
    columns = tag_set.types + (tag_set.scheme != "token")
    return np.eye(columns.max() + 1)[columns]


def test_what_is_learnt_is_not(examples):
    """Gradients, soft targets and weights after a step."""
    cold, warm = trained(examples), trained(examples)
    before = cold.get_pipe("labeller").model.to_bytes()
    warm.get_pipe("labeller").temperature = 3.0
    for nlp in (cold, warm):
        pipe = nlp.get_pipe("labeller")
        scores = pipe.predict([eg.predicted for eg in examples])
        nlp.kept = pipe.get_loss(examples, scores)
        remembered = pipe.remember([eg.predicted for eg in examples])
        nlp.rows = [get_targets(eg.reference, "ner").rows for eg in remembered]
        sgd = nlp.resume_training()
        for _ in range(2):  # thinc's Adam moves nothing in its first step
            nlp.update(examples, sgd=sgd)
        nlp.after = pipe.model.to_bytes()
    assert cold.kept[0] == warm.kept[0]
    np.testing.assert_array_equal(cold.kept[1], warm.kept[1])
    for mine, other in zip(cold.rows, warm.rows, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert cold.after == warm.after != before


@pytest.mark.parametrize("scheme", ["io", "bio", "biluo"])
def test_scores_of_mentions(examples, scheme):
    nlp = trained(
        examples, scheme=scheme, spans_key="sc", temperature=1.7, overwrite=False
    )
    pipe = nlp.get_pipe("labeller")
    docs = [Doc(nlp.vocab, words=w.split()) for w in (TEXT, "Nobody spoke .", TEXT)]
    docs += [nlp.make_doc("")]
    docs = list(nlp.pipe(docs))
    assert [len(doc.spans["sc"]) for doc in docs] == [len(doc.ents) for doc in docs]
    assert len(docs[0].ents) == 3
    for doc in docs:
        scores = pipe.predict([doc])
        logits = scores.logits / 1.7
        tags = decode(scores.logits, scores.lengths, pipe.tag_set)
        places = [(ent.start, ent.end) for ent in doc.ents]
        expected = mention_probabilities(logits, tags, places)
        group = doc.spans["sc"]
        assert list(group) == list(doc.ents)
        np.testing.assert_allclose(group.attrs["scores"], expected, rtol=1e-4)
    data = DocBin(docs=docs).to_bytes()
    (back, *_) = DocBin().from_bytes(data).get_docs(nlp.vocab)
    kept = back.spans["sc"].attrs["scores"]
    np.testing.assert_array_equal(kept, docs[0].spans["sc"].attrs["scores"])


def test_no_spans_unless_asked(examples):
    assert not read(trained(examples)).spans


def test_is_saved(examples, tmp_path):
    nlp = trained(examples)
    nlp.get_pipe("labeller").temperature = 1.25
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    assert loaded.get_pipe("labeller").temperature == 1.25
    from_bytes = spacy.blank("en").from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert from_bytes.get_pipe("labeller").temperature == 1.25
    # One that was saved before there were temperatures has the config's.
    older = copy.deepcopy(nlp.get_pipe("labeller").cfg)
    del nlp.get_pipe("labeller").cfg["temperature"]
    nlp.to_disk(tmp_path / "older")
    nlp.get_pipe("labeller").cfg.update(older)
    assert spacy.load(tmp_path / "older").get_pipe("labeller").temperature == 1.0


def test_what_is_configured_since_is_heeded(examples, tmp_path):
    nlp = trained(examples, temperature=2.0)
    nlp.get_pipe("labeller").temperature = 3.0
    nlp.to_disk(tmp_path / "fitted")

    def load(**config):
        named = {f"components.labeller.{key}": x for key, x in config.items()}
        return spacy.load(tmp_path / "fitted", config=named)

    assert load().get_pipe("labeller").temperature == 3.0
    assert load(temperature=2.0).get_pipe("labeller").temperature == 3.0
    other = load(temperature=1.5)
    assert other.get_pipe("labeller").temperature == 1.5
    other.to_disk(tmp_path / "other")
    assert spacy.load(tmp_path / "other").get_pipe("labeller").temperature == 1.5
    with pytest.raises(ValueError, match="trained in the scheme 'biluo'"):
        load(scheme="bio")


def test_new_weights_have_the_one_that_is_configured(examples):
    nlp = trained(examples, temperature=2.0)
    nlp.get_pipe("labeller").temperature = 3.0
    nlp.resume_training()
    assert nlp.get_pipe("labeller").temperature == 3.0
    nlp.initialize(lambda: examples)
    assert nlp.get_pipe("labeller").temperature == 2.0


def test_two_processes_keep_it(examples):
    nlp = trained(examples, spans_key="sc", temperature=2.0)
    texts = [TEXT] * 4
    one = [doc.spans["sc"].attrs["scores"] for doc in nlp.pipe(texts)]
    two = [
        doc.spans["sc"].attrs["scores"]
        for doc in nlp.pipe(texts, n_process=2, batch_size=2)
    ]
    np.testing.assert_allclose(one, two, rtol=1e-5)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_is_above_zero(nlp, value):
    with pytest.raises(ValueError, match="above 0"):
        nlp.add_pipe("causal_ner").temperature = value
    with pytest.raises(ValueError, match="above 0"):
        CausalTagger(nlp.vocab, None, choose=None, temperature=value)
