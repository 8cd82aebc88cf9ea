"""Components behind a shared encoder, and training that starts again."""

import copy
import pickle

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import torch2xp

from spacy_causal.ml.head import module_of
from spacy_causal.pipeline.examples import target_rows
from spacy_causal.targets.token_targets import TokenTargets, set_targets

CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 2,
    "embed_size": 500,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
INTERVENING = {
    "@architectures": "spacy-causal.InterveningEncoder.v1",
    "rate": 0.5,
    "encoder": CNN,
}
FREQUENT = {"@misc": "spacy-causal.frequent_confounders.v1"}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}


@pytest.fixture
def shared(nlp):
    nlp.add_pipe("tok2vec", config={"model": INTERVENING})
    for name in ("causal_ner", "causal_tagger"):
        nlp.add_pipe(name, config={"model": {"tok2vec": LISTENER}})
    return nlp


def learn(nlp, examples, steps=60, **settings):
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update([Example(nlp.make_doc(e.text), e.y) for e in examples],
                   sgd=optimizer, **settings)  # fmt: skip
    return optimizer


def test_two_heads_over_one_encoder(shared, examples, tmp_path):
    learn(shared, examples)
    scores = shared.evaluate(examples)
    assert scores["ents_f"] == scores["tag_acc"] == 1.0
    shared.to_disk(tmp_path)
    texts = [eg.reference.text for eg in examples]
    before = [[t.ent_type_ for t in doc] for doc in shared.pipe(texts)]
    after = [[t.ent_type_ for t in doc] for doc in spacy.load(tmp_path).pipe(texts)]
    assert before == after


def test_the_shared_encoder_learns_from_both_heads_what_to_intervene_on(
    shared, examples
):
    shared.initialize(lambda: examples * 5)
    words = shared.get_pipe("tok2vec").model.attrs["intervene_on"]["words"]
    of_ner, of_tagger = (
        {c.word for c in shared.get_pipe(name).confounders}
        for name in ("causal_ner", "causal_tagger")
    )
    assert set(words) == of_ner | of_tagger
    assert of_ner - of_tagger or of_tagger - of_ner


def test_what_was_just_initialized_can_be_copied_and_pickled(shared, examples):
    shared.initialize(lambda: examples * 5)
    copied = copy.deepcopy(shared)
    copied.update(examples, sgd=copied.resume_training())
    words = [
        nlp.get_pipe("tok2vec").model.attrs["intervene_on"]["words"]
        for nlp in (shared, copied)
    ]
    assert words[0] and words[0] == words[1]
    ner = pickle.loads(pickle.dumps(shared.get_pipe("causal_ner")))
    assert ner.labels == shared.get_pipe("causal_ner").labels


def test_no_targets_for_one_head_does_not_cost_the_other_its_gradient(shared, examples):
    """The last listener's callback carries every head's gradient upstream."""
    shared.initialize(lambda: examples)
    without_tags = []
    for example in examples:
        reference = Doc(shared.vocab, words=[t.text for t in example.y])
        reference.ents = [
            Span(reference, e.start, e.end, label=e.label) for e in example.y.ents
        ]
        without_tags.append(Example(shared.make_doc(example.text), reference))
    encoder = shared.get_pipe("tok2vec").model
    before = encoder.to_bytes()
    optimizer = shared.create_optimizer()
    for _ in range(2):  # thinc's Adam moves nothing in its first step
        shared.update(without_tags, sgd=optimizer)
    assert encoder.to_bytes() != before


def test_a_frozen_encoder_that_annotates(shared, examples):
    optimizer = shared.initialize(lambda: examples)
    before = shared.get_pipe("tok2vec").model.to_bytes()
    losses = []
    for _ in range(30):
        batch = [Example(shared.make_doc(e.text), e.y) for e in examples]
        losses.append(
            shared.update(
                batch, sgd=optimizer, exclude=["tok2vec"], annotates=["tok2vec"]
            )["causal_ner"]
        )
    assert losses[-1] < losses[0]
    assert shared.get_pipe("tok2vec").model.to_bytes() == before


def test_soft_targets_are_learnt_as_they_are(nlp):
    linear = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": CNN}
    nlp.add_pipe("causal_tagger", config={"model": linear})
    labels, row = ("A", "B", "C"), np.array([0.6, 0.3, 0.1], dtype="f")
    reference = nlp.make_doc("word unknown")
    rows = np.stack([row, np.zeros(3, dtype="f")])
    set_targets(reference, "tag", TokenTargets("token", labels, rows))
    learn(nlp, [Example(nlp.make_doc(reference.text), reference)], steps=300)
    logits = (
        nlp.get_pipe("causal_tagger").predict([nlp.make_doc("word unknown")]).logits
    )
    said = np.exp(logits[0]) / np.exp(logits[0]).sum()
    order = [nlp.get_pipe("causal_tagger").labels.index(x) for x in labels]
    np.testing.assert_allclose(said[order], row, atol=0.02)


def test_targets_in_another_scheme_are_refused(nlp):
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    nlp.get_pipe("causal_ner").add_label("LOC")
    nlp.initialize()
    reference = nlp.make_doc("Paris sleeps")
    rows = np.array([[0, 1], [1, 0]], dtype="f")
    set_targets(reference, "ner", TokenTargets("bio", ("O", "B-LOC"), rows))
    with pytest.raises(ValueError, match="the scheme 'bio', the component in 'biluo'"):
        nlp.update([Example(nlp.make_doc(reference.text), reference)])


def test_annotation_beside_targets_is_not_read(nlp):
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}}).add_label("LOC")
    nlp.initialize()
    gold, told = nlp.make_doc("Paris"), nlp.make_doc("Paris")
    gold.set_ents([Span(gold, 0, 1, "LOC")])
    row = np.array([[0, 1]], dtype="f")
    set_targets(told, "ner", TokenTargets("biluo", ("O", "U-LOC"), row))
    told.set_ents([Span(told, 0, 1, "PER")])
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in (told, gold, told)]
    tag_set = nlp.get_pipe("causal_ner").tag_set
    rows = target_rows(examples, "ner", tag_set)
    assert [tag_set.names[i] for i in rows.argmax(axis=1)] == ["U-LOC"] * 3


def test_targets_that_were_lost_are_missed(nlp, examples):
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    for example in examples:
        example.reference.set_ents([], default="missing")
    with pytest.warns(UserWarning, match="found no labels for 'ner'"):
        nlp.initialize(lambda: examples)


def test_what_it_remembers_it_does_not_forget(shared, examples):
    learn(shared, examples)
    ner = shared.get_pipe("causal_ner")
    docs = list(shared.pipe([eg.reference.text for eg in examples]))
    memory = ner.remember(docs)
    told = {eg.reference.text: eg.predicted for eg in memory}
    new = shared.make_doc("Quark visits Zanzibar .")
    new.set_ents([Span(new, 0, 1, label="LOC")], default="outside")
    optimizer = shared.resume_training()
    for _ in range(40):
        batch = [Example(shared.make_doc(new.text), new)]
        batch += [
            Example(shared.make_doc(e.reference.text), e.reference) for e in memory
        ]
        shared.update(batch, sgd=optimizer)
    assert [e.label_ for e in shared(new.text).ents] == ["LOC"]
    for text, doc in told.items():
        got = [(e.text, e.label_) for e in shared(text).ents]
        assert got == [(e.text, e.label_) for e in doc.ents]


def test_rehearsal_inside_the_component(nlp, examples):
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    learn(nlp, examples)
    ner = nlp.get_pipe("causal_ner")
    assert ner.rehearse(examples) == {}
    optimizer = nlp.resume_training()
    docs = [eg.predicted for eg in examples]
    before = ner.predict(docs).logits.argmax(1)
    # It is told, of the same text, that nothing is an entity.
    told = [Example(doc, doc.copy()) for doc in docs]
    for example in told:
        example.reference.set_ents([], default="outside")
    for _ in range(20):
        nlp.update(told, sgd=optimizer)
    assert (ner.predict(docs).logits.argmax(1) != before).any()
    for _ in range(60):
        losses = ner.rehearse(examples, sgd=optimizer)
    assert losses["causal_ner"] > 0
    assert (ner.predict(docs).logits.argmax(1) == before).all()


def confounder_vectors(model):
    """As they stand, shape (Z, D)."""
    return torch2xp(module_of(model.get_ref("output_layer")).vectors)


def test_the_dictionary_is_written_in_update_only(nlp, examples):
    nlp.add_pipe(
        "causal_ner", config={"model": {"tok2vec": CNN}, "confounders": FREQUENT}
    )
    optimizer = nlp.initialize(lambda: examples)
    ner = nlp.get_pipe("causal_ner")
    assert len(confounder_vectors(ner.model))
    assert not confounder_vectors(ner.model).any()
    docs = [eg.predicted for eg in examples]
    ner.predict(docs)
    ner.model.begin_update(docs)
    assert not confounder_vectors(ner.model).any()
    nlp.update(examples, sgd=optimizer)
    seen = confounder_vectors(ner.model).copy()
    assert seen.any()
    saved = ner.to_bytes()
    ner.from_bytes(saved)
    np.testing.assert_array_equal(confounder_vectors(ner.model), seen)


def test_vectors_seen_anew_are_those_of_the_weights_as_they_are(nlp, examples):
    from spacy_causal.pipeline.refresh import create_refresh_confounders

    nlp.add_pipe(
        "causal_ner", config={"model": {"tok2vec": CNN}, "confounders": FREQUENT}
    )
    learn(nlp, examples, steps=10)
    ner = nlp.get_pipe("causal_ner")
    running = confounder_vectors(ner.model).copy()
    refreshed = create_refresh_confounders(lambda nlp: examples)(nlp)
    np.testing.assert_array_equal(confounder_vectors(ner.model), running)
    ner = refreshed.get_pipe("causal_ner")
    word = ner.confounders[0].word
    docs = [nlp.make_doc(eg.text) for eg in examples]
    width = running.shape[1]
    rows = [
        row[:width]
        for doc, hidden in zip(docs, ner.predict(docs).split(ner.predict(docs).hidden),
                               strict=True)
        for token, row in zip(doc, hidden, strict=True)
        if token.lower_ == word
    ]  # fmt: skip
    now = confounder_vectors(ner.model)
    np.testing.assert_allclose(now[0], np.mean(rows, axis=0), atol=1e-5)
    assert not np.allclose(now, running, atol=1e-5)


def test_vectors_of_a_frozen_component_stay_as_they_are(nlp, examples):
    from spacy_causal.pipeline.refresh import create_refresh_confounders

    for name in ("frozen", "learning"):
        config = {"model": {"tok2vec": CNN}, "confounders": FREQUENT}
        nlp.add_pipe("causal_ner", name=name, config=config)
    learn(nlp, examples, steps=5)
    nlp.config["training"]["frozen_components"] = ["frozen"]
    before = {name: pipe.model.to_bytes() for name, pipe in nlp.pipeline}
    saved = create_refresh_confounders(lambda nlp: examples[:1])(nlp)
    assert saved.get_pipe("frozen").model.to_bytes() == before["frozen"]
    assert saved.get_pipe("learning").model.to_bytes() != before["learning"]
    assert {name: pipe.model.to_bytes() for name, pipe in nlp.pipeline} == before


def test_confounders_from_a_reader_of_their_own(nlp, examples):
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    ner = nlp.get_pipe("causal_ner")
    ner.initialize(lambda: examples[2:3], nlp=nlp, labels=["PER", "ORG", "LOC"])
    assert ner.confounders == []
    ner.initialize(
        lambda: examples[2:3], nlp=nlp, confounder_corpus=lambda nlp: examples * 5
    )
    assert ner.confounders
