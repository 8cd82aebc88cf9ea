"""What is taken back: undone, rolled back by the gate, interrupted."""

from dataclasses import replace

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from toy_sessions import (
    CNN,
    FAST,
    FREQUENT,
    INTERVENING,
    answers_to,
    found,
    gold_docs,
    session,
    truth,
    untrained,
    weights_of,
)

from spacy_causal.learning import journal as journals
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner


@pytest.mark.parametrize("dev", [False, True])
@pytest.mark.parametrize("encoder", [CNN, INTERVENING])
def test_undone_is_as_if_never_answered(docs, encoder, dev):
    def make():
        nlp = spacy.blank("en")
        config = {"model": {"tok2vec": encoder}, "confounders": FREQUENT}
        nlp.add_pipe("causal_ner", config=config)
        gold = gold_docs(nlp)
        with_gold = [spacy.training.Example(doc.copy(), doc) for doc in gold]
        spacy.util.fix_random_seed(0)
        nlp.initialize(lambda: with_gold)
        settings = replace(FAST, min_support=1)
        return Learner(nlp, "causal_ner", initial=gold, dev=gold * dev,
                       settings=settings, seed=3)  # fmt: skip

    one, other = make(), make()
    base = weights_of(one.nlp)
    session(one, docs[:3])
    session(other, docs[:3])
    session(other, docs[2:])
    assert weights_of(one.nlp) != weights_of(other.nlp)
    other.undo()
    assert weights_of(one.nlp) == weights_of(other.nlp)
    assert session(one, docs[1:]) == session(other, docs[1:])
    assert weights_of(one.nlp) == weights_of(other.nlp)
    other.undo(2)
    assert weights_of(other.nlp) == base
    with pytest.raises(ValueError, match="Cannot undo 1 of 0"):
        other.undo()


def test_a_gate_rolls_back_weights_and_moments(docs):
    settings = replace(FAST, min_support=1, replay_ratio=0)
    kwargs = {"dev": docs, "settings": settings}
    nlp = untrained()
    learner = Learner(nlp, "causal_ner", **kwargs)
    while not session(learner, docs).accepted or found(nlp, docs) != truth(docs):
        assert learner.n_batches < 40
    before = weights_of(nlp)
    moments = learner._trainer.snapshot()["moments"]
    for _ in range(10):
        for i, doc in enumerate(docs):
            lie = [Answer(f"lie {i}", 0, 5, ("PER",), "O", "mention")]
            learner.answer(doc, lie)
        report = learner.update()
        if not report.accepted:
            break
        before = weights_of(nlp)
        moments = learner._trainer.snapshot()["moments"]
    assert not report.accepted
    assert set(report.fell) <= {"PER", "LOC"}
    assert all(now < best - 0.05 for best, now in report.fell.values())
    assert weights_of(nlp) == before
    after = learner._trainer.snapshot()["moments"]
    for old, new in zip(moments, after, strict=True):
        assert old[:3] == new[:3]
        for a, b in zip(old[3:], new[3:], strict=True):
            np.testing.assert_array_equal(a, b)


def lie_about(learner, docs):
    for i, doc in enumerate(docs):
        learner.answer(doc, [Answer(f"lie {i}", 0, 5, ("PER",), "O", "mention")])
    return learner.update()


def test_what_the_gate_rejected_is_not_replayed(docs, monkeypatch):
    settings = replace(FAST, min_support=1, replay_ratio=0.5)
    kwargs = {"dev": docs, "settings": settings}
    learner = Learner(untrained(), "causal_ner", **kwargs)
    while not session(learner, docs).accepted or found(learner.nlp, docs) != truth(
        docs
    ):
        assert learner.n_batches < 40
    lessons = dict(learner._memory.lessons)
    while lie_about(learner, docs).accepted:
        lessons = dict(learner._memory.lessons)
        assert learner.n_batches < 60
    assert learner._memory.lessons == lessons
    with pytest.raises(ValueError, match="other tokens"):
        lie = Answer("lie 0", 0, 1, ("PER",), "O")
        learner.answer(Doc(learner.nlp.vocab, words=["other"]), [lie])
    replayed = []
    monkeypatch.setattr(
        learner._teacher,
        "recalled",
        lambda sources, trust: replayed.extend(sources) or list(sources),
    )
    session(learner, docs[:2])
    assert replayed and all(x in lessons.values() for x in replayed)
    again = Learner(untrained(), "causal_ner", journal=learner.journal, **kwargs)
    assert weights_of(again.nlp) == weights_of(learner.nlp)


def stop_at(monkeypatch, nlp, n):
    """Have the n-th `nlp.update` from now on be interrupted when it is done."""
    update, calls = nlp.update, []

    def interrupted(*args, **kwargs):
        update(*args, **kwargs)
        calls.append(args)
        if len(calls) == n:
            raise KeyboardInterrupt

    monkeypatch.setattr(nlp, "update", interrupted)


@pytest.mark.parametrize("dev", [False, True])
def test_an_interrupted_update_has_not_happened(docs, monkeypatch, dev):
    def make():
        learner = Learner(untrained(), "causal_ner", dev=docs * dev, settings=FAST)
        session(learner, docs[:3])
        for doc in docs[2:]:
            learner.answer(doc, answers_to(doc, shown=("LOC",)))
        return learner

    one, other = make(), make()
    before, waiting = weights_of(one.nlp), one.waiting
    lessons, records = dict(one._memory.lessons), list(one.journal)
    with monkeypatch.context() as patch:
        stop_at(patch, one.nlp, 2)
        with pytest.raises(KeyboardInterrupt):
            one.update()
    assert weights_of(one.nlp) == before
    assert (one.waiting, one._memory.lessons, one.n_batches) == (waiting, lessons, 1)
    assert list(one.journal) == records and not one.nlp.vocab.in_memory_zone
    assert one.update() == other.update()
    assert weights_of(one.nlp) == weights_of(other.nlp)


def test_an_update_that_cannot_be_journaled_has_not_happened(docs, monkeypatch):
    learner = Learner(untrained(), "causal_ner", settings=FAST)
    before = weights_of(learner.nlp)
    learner.answer(docs[0], answers_to(docs[0]))

    def fail(record):
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(learner.journal, "append", fail)
        with pytest.raises(OSError, match="no space"):
            learner.update()
    assert weights_of(learner.nlp) == before
    assert learner.waiting and not learner.n_batches


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize(
    ("name", "label"),
    [("causal_ner", "NEW"), ("causal_tagger", "NEW"), ("causal_tagger", "O")],
)
def test_a_label_whose_answer_cannot_be_journaled_is_not_there(
    docs, monkeypatch, name, label, earlier
):
    learner = Learner(untrained(name, ("A", "B")), name, settings=FAST)
    if earlier:
        learner.answer(docs[0], [Answer("d", 0, 1, ("A",), "A")])
    before, n_records = weights_of(learner.nlp), len(learner.journal)
    waiting, labels = learner.waiting, learner.nlp.get_pipe(name).labels
    new = [Answer("e", 0, 1, ("A",), label)]
    append = learner.journal.append

    def fail(record):
        if record["event"] == "answered":
            raise OSError("no space left")
        append(record)

    with monkeypatch.context() as patch:
        patch.setattr(learner.journal, "append", fail)
        with pytest.raises(OSError, match="no space"):
            learner.answer(docs[1], new)
    assert learner.nlp.get_pipe(name).labels == labels
    assert (weights_of(learner.nlp), learner.waiting) == (before, waiting)
    learner.answer(docs[1], new)
    assert learner.nlp.get_pipe(name).labels == (*labels, label)
    assert len(learner.journal) == max(n_records, 1) + 1


def test_an_interrupted_undo_has_taken_nothing_back(docs, monkeypatch):
    def make():
        learner = Learner(untrained(), "causal_ner", settings=FAST)
        for at in (0, 2, 4):
            session(learner, docs[at : at + 2])
        learner.answer(docs[0], answers_to(docs[0]))
        return learner

    one, other = make(), make()
    with monkeypatch.context() as patch:
        stop_at(patch, one.nlp, 3)
        with pytest.raises(KeyboardInterrupt):
            one.undo()
    assert weights_of(one.nlp) == weights_of(other.nlp)
    assert one._batches == other._batches and list(one._memory.lessons) == list(
        other._memory.lessons
    )
    assert list(one.journal) == list(other.journal)
    for learner in (one, other):
        learner.undo()
        learner.update()
    assert weights_of(one.nlp) == weights_of(other.nlp)


def interrupt_once_written(monkeypatch, journal):
    """Have the next record be interrupted as soon as the journal has it."""
    append = journal.append

    def interrupted(record):
        append(record)
        raise KeyboardInterrupt

    monkeypatch.setattr(journal, "append", interrupted)


@pytest.mark.parametrize("step", ["answer", "update", "undo"])
@pytest.mark.parametrize("written", [False, True])
def test_learner_and_journal_agree_on_what_was_interrupted(
    tmp_path, docs, monkeypatch, step, written
):
    path = tmp_path / "journal.jsonl"
    learner = Learner(untrained(), "causal_ner", settings=FAST, journal=Journal(path))
    for at in (0, 1):
        session(learner, docs[at : at + 1])
    learner.answer(docs[2], answers_to(docs[2]))
    before = path.read_bytes(), weights_of(learner.nlp), learner.waiting
    steps = {
        "answer": lambda: learner.answer(docs[3], answers_to(docs[3])),
        "update": learner.update,
        "undo": learner.undo,
    }
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        if written:
            interrupt_once_written(patch, learner.journal)
        else:
            patch.setattr(journals.os, "fsync", interrupted_sync)
        steps[step]()
    after = path.read_bytes(), weights_of(learner.nlp), learner.waiting
    assert (after == before) is not written
    again = Learner(untrained(), "causal_ner", settings=FAST, journal=Journal(path))
    assert weights_of(again.nlp) == weights_of(learner.nlp)
    assert (again.waiting, again.n_batches) == (learner.waiting, learner.n_batches)
    assert again._texts == learner._texts
    assert list(again.journal) == list(learner.journal)
    session(learner, docs[4:5])
    assert len(Journal(path)) == len(learner.journal)


def interrupted_sync(handle):
    raise KeyboardInterrupt
