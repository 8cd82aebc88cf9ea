"""Simulated sessions: what is asked, what counts, what is learnt."""

from collections import Counter

import pytest
import spacy
from numpy.random import default_rng
from spacy.tokens import Doc, Span

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.session import (
    importance_filter,
    simulate_session,
    truths_of,
)
from spacy_causal.experiments.streaming import without_classes
from spacy_causal.experiments.training import train
from spacy_causal.experiments.users import perfect_user, telling_user
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.types import Candidates

CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 1,
    "embed_size": 200,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}
SETTINGS = LearnerSettings(learn_rate=0.01)
WORDS = {
    "DET": ["the", "a", "this"],
    "NOUN": ["dog", "cat", "house", "tree"],
    "VERB": ["sees", "likes", "finds", "hears"],
    "ADV": ["often", "slowly", "never"],
}


def sentences(vocab, n, seed=0):
    """`n` Docs "DET NOUN VERB ADV", tagged."""
    rng = default_rng(seed)
    drawn = [{tag: str(rng.choice(words)) for tag, words in WORDS.items()}
             for _ in range(n)]  # fmt: skip
    return [Doc(vocab, words=list(x.values()), tags=list(x)) for x in drawn]


def learner_of(initial, *, k=2, seed=0):
    """Somebody who has learnt from the initial Docs, and knows all labels by name."""
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger", config={"model": {"tok2vec": CNN}})
    for tag in WORDS:
        nlp.get_pipe("causal_tagger").add_label(tag)
    train(nlp, initial, steps=40, batch_size=8, seed=seed)
    nlp.add_pipe("candidate_scorer", config={"k": k, "seed": seed})
    return Learner(nlp, "causal_tagger", initial=initial, settings=SETTINGS, seed=seed)


def without_adverbs(docs):
    return [without_classes(doc, "tag", ["ADV"]) for doc in docs]


def recall_of(nlp, docs, tag):
    said = nlp.pipe([bare_copy(doc) for doc in docs])
    pairs = [
        (gold.tag_, token.tag_)
        for doc, out in zip(docs, said, strict=True)
        for gold, token in zip(doc, out, strict=True)
    ]
    return Counter(said for gold, said in pairs if gold == tag)[tag] / len(docs)


def begin(n_stream, user=perfect_user, **kwargs):
    """RETURNS (tuple): A learner that has seen no adverb, the stream, the session."""
    docs = sentences(spacy.blank("en").vocab, 16 + n_stream)
    learner = learner_of(without_adverbs(docs[:16]))
    steps = simulate_session(
        learner,
        docs[16:],
        user,
        frequent=["DET", "NOUN", "VERB"],
        batch_size=16,
        rng=default_rng(0),
        **kwargs,
    )
    return learner, docs[16:], steps


def test_a_class_that_was_unseen_is_learnt_from_a_perfect_user():
    learner, docs, steps = begin(48)
    assert recall_of(learner.nlp, docs, "ADV") < 0.1
    assert len(list(steps)) == learner.n_batches == 3
    assert recall_of(learner.nlp, docs, "ADV") > 0.9
    assert recall_of(learner.nlp, docs, "NOUN") > 0.9


def test_counts_are_those_of_a_count_by_hand():
    said = []

    def user(shown, truth, rng):
        said.append((shown, truth))
        return perfect_user(shown, truth, rng)

    _, docs, session = begin(20, user)
    steps = list(session)
    assert [step.texts for step in steps] == [16, 4]
    assert [step.questions for step in steps] == [16 * 4, 4 * 4]
    assert [truth for _, truth in said] == [t.tag_ for doc in docs for t in doc]
    first, last = said[: 16 * 4], said[16 * 4 :]
    for step, asked in zip(steps, (first, last), strict=True):
        assert step.counted == len(asked)
        assert step.shown == sum(truth in shown for shown, truth in asked)
        assert step.frequent == sum(truth in ("DET", "NOUN") for _, truth in asked)
        assert step.random == pytest.approx(len(asked) * 2 / 4)
        assert step.report.n_answers == len(asked)


def test_what_is_missing_is_not_asked_about():
    vocab = spacy.blank("en").vocab
    learner = learner_of(sentences(vocab, 8))
    (step,) = simulate_session(
        learner,
        without_adverbs(sentences(vocab, 4)),
        perfect_user,
        frequent=["DET"],
        rng=default_rng(0),
    )
    assert step.questions == step.counted == 4 * 3


def test_the_same_seed_gives_the_same_bytes():
    (one, _, first), (two, _, second) = (begin(24, telling_user) for _ in range(2))
    assert list(first) == list(second)
    weights = [
        learner.nlp.get_pipe("causal_tagger").to_bytes() for learner in (one, two)
    ]
    assert weights[0] == weights[1]
    assert list(one.journal) == list(two.journal)


def test_answers_that_are_not_kept_are_not_learnt_from():
    learner, _, (step,) = begin(16, keep=lambda answer, rng: False)
    assert step.questions == 16 * 4
    assert step.report.n_answers == learner.n_batches == 0


def test_entities_outside_of_every_type_are_asked_about_and_not_counted():
    nlp = spacy.blank("en")
    doc = Doc(nlp.vocab, words=["Anna", "sleeps"], ents=["B-PER", "O"])
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    train(nlp, [doc], steps=2, batch_size=1, seed=0)
    nlp.add_pipe("candidate_scorer", config={"k": 1, "unit": "token"})
    learner = Learner(nlp, "causal_ner", settings=SETTINGS)
    (step,) = simulate_session(
        learner, [doc], telling_user, frequent=["PER"], rng=default_rng(0)
    )
    assert (step.questions, step.counted, step.frequent) == (2, 1, 1)
    (_, record, _) = learner.journal
    assert [answer["chosen"] for answer in record["answers"]] == ["PER", "O"]


def question(start, end):
    return Candidates(start, end, ("PER", "ORG"), None, None, None)


@pytest.fixture
def doc():
    """The first two words are one person, the last one's annotation is missing."""
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=["Anna", "Smith", "of", "Acme", "perhaps"])
    ents = [Span(doc, 0, 2, "PER"), Span(doc, 3, 4, "ORG")]
    doc.set_ents(ents, missing=[doc[4:5]], default="outside")
    return doc


def truths(doc, spans, unit):
    questions = [question(*span) for span in spans]
    found = truths_of(doc, questions, "ner", unit)
    return {(asked.start, asked.end): truth for asked, truth in found}


def test_truths_of_tokens(doc):
    spans = [(i, i + 1) for i in range(5)]
    assert truths(doc, spans, "token") == {
        (0, 1): "PER",
        (1, 2): "PER",
        (2, 3): "O",
        (3, 4): "ORG",
    }


def test_truths_of_mentions_are_about_just_these_tokens(doc):
    spans = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 5)]
    assert truths(doc, spans, "mention") == {
        (0, 1): "O",
        (0, 2): "PER",
        (1, 3): "O",
        (2, 3): "O",
        (3, 4): "ORG",
    }


def test_truths_of_tags():
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=["a", "b"], tags=["X", ""])
    (asked,) = truths_of(doc, [question(0, 1), question(1, 2)], "tag", "token")
    assert asked[1] == "X"


def test_importance_keeps_answers_in_proportion_to_their_weights():
    keep, rng = importance_filter({"PER": 1.0, "ORG": 0.25}), default_rng(0)

    def kept(chosen):
        answer = Answer("text", 0, 1, ("PER", "ORG"), chosen)
        return sum(keep(answer, rng) for _ in range(4000)) / 4000

    assert kept("PER") == kept(None) == kept("LOC") == 1
    assert kept("ORG") == pytest.approx(0.25, abs=0.03)
