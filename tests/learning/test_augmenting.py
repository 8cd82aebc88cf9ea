"""What is learnt with a batch of whole sentences: mixed and swapped ones."""

import pytest
import spacy
from spacy.tokens import Doc, Span
from toy_sessions import untrained, weights_of

from spacy_causal.learning import learner as learners
from spacy_causal.learning.answers import OUTSIDE, Answer
from spacy_causal.learning.augmenting import annotated, make_augment
from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.replay import Lesson
from spacy_causal.learning.settings import LearnerSettings

TEXTS = "Anna Li lives in Paris", "Bo Wu left for Rome", "Cy Xu is from Oslo"
WORDS = [text.split() for text in (*TEXTS, "Di Ng flew to Prague")]
SPECS = ["seqmix:density=0.1:rate=1", "counterfactual:per_example=2"]


def answers(key, *said):
    return [Answer(key, *place, (), label, unit=unit) for *place, label, unit in said]


def whole(key):
    """A person, two tokens that are nothing, a place."""
    return answers(
        key,
        (0, 2, "PER", "mention"),
        (4, 5, "LOC", "mention"),
        *((i, i + 1, OUTSIDE, "token") for i in (2, 3)),
    )


def lesson(said):
    return Lesson(tuple(WORDS[0]), (True,) * 5, tuple(said), targets=None)


def taught(augment, *, batches=2, **session):
    nlp = untrained()
    settings = LearnerSettings(augment=augment)
    learner = Learner(nlp, "causal_ner", settings=settings, **session)
    reports = []
    for batch in range(batches):
        for words in WORDS[2 * batch : 2 * batch + 2]:
            learner.answer(Doc(nlp.vocab, words=words), whole(words[0]))
        reports.append(learner.update())
    return learner, reports


def test_a_sentence_all_of_which_was_answered_is_annotated():
    doc = annotated(lesson(whole("one")), spacy.blank("en").vocab)
    found = [(x.start, x.end, x.label_) for x in doc.ents]
    assert found == [(0, 2, "PER"), (4, 5, "LOC")]
    assert [token.ent_iob_ for token in doc] == ["B", "I", "O", "O", "B"]


@pytest.mark.parametrize(
    "said",
    [
        [],
        whole("one")[:-1],
        [*whole("one")[:-1], Answer("one", 3, 4, ("PER",), None)],
        [*whole("one")[1:], *(Answer("one", i, i + 1, (), "PER") for i in (0, 1))],
    ],
)
def test_others_are_not(said):
    assert annotated(lesson(said), spacy.blank("en").vocab) is None


def test_what_is_made_is_learnt_beside_the_batch(monkeypatch):
    """Augmentation gets the batch and what is replayed, annotated; what it gives is
    gone through as often as the batch."""
    seen = []

    def augment(labelled, nlp, rng):
        seen.append(
            [[doc.text.strip(), [ent.label_ for ent in doc.ents]] for doc in labelled]
        )
        doc = Doc(nlp.vocab, words=["Ed", "Yi", "saw", "Bonn"])
        doc.set_ents([Span(doc, 0, 2, "PER"), Span(doc, 3, 4, "LOC")])
        return [doc, doc.copy()]

    with monkeypatch.context() as patch:
        patch.setattr(learners, "make_augment", lambda spec, component: augment)
        learner, reports = taught("seqmix")
    _, without = taught(None)
    texts = [" ".join(words) for words in WORDS]
    assert seen[0] == [[text, ["PER", "LOC"]] for text in texts[:2]]
    assert seen[1][:2] == [[text, ["PER", "LOC"]] for text in texts[2:]]
    assert sorted(x for x, _ in seen[1][2:]) == sorted(texts[:2])
    n_passes = learner.settings.updates
    more = [a.n_examples - b.n_examples for a, b in zip(reports, without, strict=True)]
    assert more == [2 * n_passes] * 2


@pytest.mark.parametrize("spec", SPECS)
def test_the_same_answers_give_the_same_weights(spec):
    """Again, and after an undo; and not those of learning without."""
    one, reports = taught(spec)
    two, _ = taught(spec)
    none, without = taught(None)
    assert reports[-1].n_examples > without[-1].n_examples
    weights = [weights_of(x.nlp) for x in (one, two, none)]
    assert weights[0] == weights[1] != weights[2]
    one.undo(1)
    before, _ = taught(spec, batches=1)
    assert weights_of(one.nlp) == weights_of(before.nlp)


def test_a_journal_says_what_was_made(tmp_path):
    path = tmp_path / "journal.jsonl"
    one, _ = taught(SPECS[0], journal=Journal(path))
    settings = LearnerSettings(augment=SPECS[0])
    again = Learner(untrained(), "causal_ner", settings=settings, journal=Journal(path))
    assert weights_of(again.nlp) == weights_of(one.nlp)
    with pytest.raises(ValueError, match="augment is"):
        Learner(untrained(), "causal_ner", journal=Journal(path))


@pytest.mark.parametrize("spec", ["seqmix", "counterfactual"])
def test_where_there_is_little_to_make_it_of(spec):
    """One sentence, one word, none: the batch is learnt all the same."""
    nlp = untrained()
    settings = LearnerSettings(augment=spec)
    learner = Learner(nlp, "causal_ner", settings=settings)
    for i, words in enumerate([["Anna"], [" "], WORDS[0]]):
        key, n = str(i), len(words)
        said = [(j, j + 1, OUTSIDE, "token") for j in range(n)] if n == 1 else []
        learner.answer(Doc(nlp.vocab, words=words), answers(key, *said) or whole(key))
        report = learner.update()
        assert report.accepted and report.loss > 0
        assert report.n_examples >= settings.updates


def test_nothing_of_it_stays_in_the_vocabulary():
    for spec in SPECS:
        with_more, _ = taught(spec)
        without, _ = taught(None)
        strings = [set(x.nlp.vocab.strings) for x in (with_more, without)]
        assert strings[0] == strings[1]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("magic", "Unknown augmentation 'magic'"),
        ("seqmix:magic=1", "The augmentation 'seqmix'"),
        ("seqmix:rate", "Write a setting as"),
        ("seqmix:outside=PER", r'a list of labels: \["PER"\]'),
        ("seqmix:window=2.5", "whole numbers, not 2.5 and 50"),
        ("counterfactual:per_example=1.5", "per_example is 1.5: a whole number ≥ 1"),
    ],
)
def test_an_unknown_augmentation(spec, message):
    with pytest.raises(ValueError, match=message):
        make_augment(spec, "causal_ner")
