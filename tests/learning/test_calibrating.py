"""Confidences on annotated Docs, against what the component's own Docs say."""

import numpy as np
import pytest
import spacy
from small_encoders import cnn
from spacy.tokens import Doc, Span

from spacy_causal.learning.calibration import fit, measure, score_docs
from spacy_causal.targets.token_targets import TokenTargets, set_targets

MODEL = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": cnn()}


def trained(examples, factory="causal_ner", steps=8, **config):
    nlp = spacy.blank("en")
    spacy.util.fix_random_seed(0)
    nlp.add_pipe(factory, name="labeller", config={"model": MODEL, **config})
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer)
    return nlp


@pytest.fixture
def golds(examples):
    return [eg.reference for eg in examples]


def test_mentions_are_those_of_the_component(examples, golds):
    nlp = trained(examples, spans_key="sc")
    scored = score_docs(nlp, "labeller", golds)
    temperature = 1.9
    nlp.get_pipe("labeller").temperature = temperature
    read = [nlp(Doc(nlp.vocab, words=[t.text for t in doc])) for doc in golds]
    confidence = np.concatenate([d.spans["sc"].attrs["scores"] for d in read])
    right = [
        any((e.start, e.end, e.label) == (s.start, s.end, s.label) for e in gold.ents)
        for doc, gold in zip(read, golds, strict=True)
        for s in doc.spans["sc"]
    ]
    assert right
    judged = scored.judge_mentions(temperature)
    np.testing.assert_allclose(judged.confidence, confidence, rtol=1e-4)
    assert judged.correct.tolist() == right
    assert measure(scored, temperature).mentions.error == pytest.approx(
        1 - np.mean(right)
    )


def test_tokens_of_a_tagger(examples, golds):
    nlp = trained(examples, "causal_tagger", steps=3)
    scored = score_docs(nlp, "labeller", golds)
    assert scored.mentions is None
    assert measure(scored, 1.0).mentions is None
    read = [nlp(Doc(nlp.vocab, words=[t.text for t in doc])) for doc in golds]
    right = [
        t.tag_ == gold[t.i].tag_
        for doc, gold in zip(read, golds, strict=True)
        for t in doc
    ]
    assert scored.judge_tokens(3.0).correct.tolist() == right


def test_the_fitted_temperature_has_the_least_nll(examples, golds):
    nlp = trained(examples)
    golds[1].set_ents([Span(golds[1], 1, 2, "PER")], default="outside")
    scored = score_docs(nlp, "labeller", golds)
    best = fit(scored)
    least = measure(scored, best).nll
    assert all(measure(scored, best * factor).nll > least for factor in (0.9, 1.1))


def test_what_is_missing_is_left_out(examples, golds):
    nlp = trained(examples)
    whole = score_docs(nlp, "labeller", golds)
    cut = golds[0].copy()
    cut.set_ents([Span(cut, 0, 2, "PER")], missing=[cut[2:]])
    soft = Doc(nlp.vocab, words=[t.text for t in golds[1]])
    names = nlp.get_pipe("labeller").tag_set.names
    rows = np.full((len(soft), len(names)), 1 / len(names), dtype="float32")
    set_targets(soft, "ner", TokenTargets("biluo", names, rows))
    nothing = Doc(nlp.vocab, words=["Paris"])
    scored = score_docs(nlp, "labeller", [cut, soft, nothing, nlp.make_doc("")])
    assert scored.known.sum() == 2 + len(soft)
    tokens = scored.judge_tokens(1.0)
    np.testing.assert_array_equal(
        tokens.confidence[:2], whole.judge_tokens(1.0).confidence[:2]
    )
    assert tokens.correct[2:] == pytest.approx(1 / len(names))
    assert (scored.mentions < 2 + 1).all()
    assert len(scored.mentions) < len(whole.mentions)


def test_nothing_to_go_by(examples, nlp):
    pipeline = trained(examples, steps=1)
    bare = [Doc(pipeline.vocab, words=["Paris"])]
    for docs in ([], bare):
        with pytest.raises(ValueError, match="annotated"):
            score_docs(pipeline, "labeller", docs)


def test_no_mention_has_no_quality(examples):
    nlp = trained(examples, steps=0)
    pipe = nlp.get_pipe("labeller")
    doc = Doc(nlp.vocab, words=["Paris"])
    doc.set_ents([], default="outside")
    scored = score_docs(nlp, "labeller", [doc])
    logits = np.zeros((1, len(pipe.tag_set)), "f")
    logits[0, 0] = 9
    scored = type(scored)(
        logits, scored.targets, logits.argmax(1), np.zeros((0, 2), int), np.zeros(0)
    )
    quality = measure(scored, 1.0).mentions
    assert (quality.n, quality.error, quality.ece, quality.aurc) == (0,) + (None,) * 3
