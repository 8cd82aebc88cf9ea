"""Learners of pipelines with a shared encoder, and of blank ones."""

from dataclasses import replace

import pytest
import spacy
from toy_sessions import (
    CNN,
    FAST,
    LISTENER,
    found,
    gold_docs,
    session,
    shared_pipeline,
    truth,
    weights_of,
)

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.cold_start import cold_start
from spacy_causal.learning.learner import Learner


@pytest.mark.parametrize(
    "settings,moved",
    [
        (FAST, {"tok2vec", "causal_ner"}),
        (replace(FAST, freeze=("tok2vec",)), {"causal_ner"}),
        (
            replace(FAST, also_train=("causal_tagger",)),
            {"tok2vec", "causal_ner", "causal_tagger"},
        ),
    ],
)
def test_behind_a_shared_encoder(docs, settings, moved):
    """The tagger listens last: left out, it would keep the gradient to itself."""
    nlp = shared_pipeline()
    learner = Learner(nlp, "causal_ner", initial=gold_docs(nlp), settings=settings)
    before = weights_of(nlp)
    for _ in range(15):
        session(learner, docs)
    after = weights_of(nlp)
    assert {name for name in after if after[name] != before[name]} == moved
    assert found(nlp, docs) == truth(docs)
    encoder = nlp.get_pipe("tok2vec")
    assert "tok2vec" not in moved or not any(
        node.get_grad(name).any()
        for node in encoder.model.walk()
        for name in node.grad_names
    )
    everybody = encoder.listener_map
    assert list(everybody) == ["causal_ner", "causal_tagger"]
    learner.undo(15)
    assert weights_of(nlp) == before


def test_gradients_that_others_left_behind_are_not_ours(docs):
    """`nlp.update(sgd=...)` leaves an encoder's last gradient for the next update."""

    def after_a_session(leave):
        nlp = shared_pipeline()
        if not leave:
            nlp.from_bytes(nlp.to_bytes())
            for node in nlp.get_pipe("tok2vec").model.walk():
                for name in node.grad_names:
                    node.get_grad(name)[...] = 0
        session(Learner(nlp, "causal_ner", settings=FAST), docs)
        return weights_of(nlp)

    spacy.util.fix_random_seed(0)
    one = after_a_session(leave=True)
    spacy.util.fix_random_seed(0)
    assert after_a_session(leave=False) == one


def test_names_that_cannot_be_frozen_or_trained(ner):
    for field, name, reason in [
        ("freeze", "causal_ner", "listens to nothing"),
        ("also_train", "sentencizer", "cannot be trained"),
    ]:
        if name not in ner.pipe_names:
            ner.add_pipe(name)
        with pytest.raises(ValueError, match=reason):
            Learner(ner, "causal_ner", settings=replace(FAST, **{field: (name,)}))


@pytest.mark.parametrize("name", ["causal_ner", "causal_tagger"])
def test_cold_start_from_a_blank_pipeline(name):
    nlp = cold_start(spacy.blank("en"), name, ["X", "Y"])
    assert nlp.get_pipe(name).labels == ("X", "Y")
    assert nlp.get_pipe(name).confounders == []
    doc = nlp.make_doc("a b")
    learner = Learner(nlp, name, settings=FAST)
    outside = {"causal_ner": "O", "causal_tagger": "X"}[name]
    for _ in range(20):
        learner.answer(doc, [Answer("d", 0, 1, ("X", "Y"), "Y"),
                             Answer("d", 1, 2, ("X", "Y"), outside)])  # fmt: skip
        learner.update()
    read = nlp("a b")
    said = {"causal_ner": [t.ent_type_ for t in read],
            "causal_tagger": [t.tag_ for t in read]}[name]  # fmt: skip
    assert said == {"causal_ner": ["Y", ""], "causal_tagger": ["Y", "X"]}[name]


def test_a_cold_start_leaves_other_pipes_as_they_are():
    nlp = shared_pipeline()
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": "x"}])
    doc = nlp.make_doc("Anna lives in Paris")

    def state():
        encoder, *heads = [nlp.get_pipe(name).model for name in shared]
        return encoder.predict([doc])[0].tobytes(), [x.to_bytes() for x in heads]

    shared = ("tok2vec", "causal_ner", "causal_tagger")
    before = state()
    nlp.add_pipe("causal_ner", name="new", config={"model": {"tok2vec": LISTENER}})
    cold_start(nlp, "new", ["Y"])
    assert state() == before
    assert nlp.get_pipe("entity_ruler").patterns
    assert nlp.get_pipe("new").labels == ("Y",)
    learner = Learner(nlp, "new", settings=FAST)
    learner.answer(doc, [Answer("d", 0, 1, ("Y",), "Y")])
    assert learner.update().loss > 0


def test_cold_starts_behind_one_new_encoder():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": CNN})
    for name in ("causal_ner", "causal_tagger"):
        nlp.add_pipe(name, config={"model": {"tok2vec": LISTENER}})
    cold_start(nlp, "causal_ner", ["X"])
    before = weights_of(nlp)
    cold_start(nlp, "causal_tagger", ["Y"])
    after = weights_of(nlp)
    assert [name for name in after if after[name] != before[name]] == ["causal_tagger"]
    learner = Learner(nlp, "causal_ner", settings=FAST)
    learner.answer(nlp.make_doc("a"), [Answer("d", 0, 1, ("X",), "X")])
    assert learner.update().loss > 0
