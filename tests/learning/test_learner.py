"""Sessions on toy tasks: learning, forgetting, undoing, coming back."""

import random
from dataclasses import replace

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from toy_sessions import (
    CNN,
    FREQUENT,
    INTERVENING,
    LISTENER,
    answers_to,
    gold_docs,
    untrained,
    weights_of,
)

from spacy_causal.learning import checkpoint as checkpoints
from spacy_causal.learning.answers import Answer
from spacy_causal.learning.cold_start import cold_start
from spacy_causal.learning.imputation import imputer_from
from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings

FAST = LearnerSettings(updates=2, learn_rate=0.01)


def session(learner, docs, **kwargs):
    for doc in docs:
        learner.answer(doc, answers_to(doc, **kwargs))
    return learner.update()


def found(nlp, docs):
    read = nlp.pipe([Doc(nlp.vocab, words=[t.text for t in doc]) for doc in docs])
    return [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in read]


def truth(docs):
    return [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in docs]


def test_learns_from_nothing_but_answers(ner, docs):
    learner = Learner(ner, "causal_ner", settings=FAST)
    reports = [session(learner, docs) for _ in range(15)]
    assert found(ner, docs) == truth(docs)
    assert reports[-1].loss < reports[0].loss
    assert (reports[3].batch, reports[3].n_answers) == (3, 30)
    assert learner.update().n_answers == 0 and learner.n_batches == 15


def test_none_of_these_teaches_what_is_left():
    nlp = untrained("causal_tagger", ("A", "B", "C"))
    doc = Doc(nlp.vocab, words=["word"])
    settings = replace(FAST, trust_prior=None)
    learner = Learner(nlp, "causal_tagger", settings=settings)
    for _ in range(25):
        learner.answer(doc, [Answer("d", 0, 1, ("A", "C"), None)])
        learner.update()
    assert nlp(doc.copy())[0].tag_ == "B"


def test_positives_only_learns_nothing_from_a_refusal(ner, docs):
    settings = replace(FAST, mode="positives_only")
    learner = Learner(ner, "causal_ner", settings=settings)
    learner.answer(docs[0], [Answer("d", 0, 1, ("LOC",), None)])
    assert learner.update().loss == 0


def test_imputed_targets_come_from_sigma(ner, docs):
    teacher = untrained()
    session_of_teacher = Learner(teacher, "causal_ner", settings=FAST)
    for _ in range(15):
        session(session_of_teacher, docs)
    imputer = imputer_from(teacher, None, ner.get_pipe("causal_ner").tag_set)
    settings = replace(FAST, mode="imputed")
    learner = Learner(ner, "causal_ner", settings=settings, imputer=imputer)
    for _ in range(20):
        session(learner, docs, shown=("LOC",))
    assert found(ner, docs) == truth(docs)
    with pytest.raises(ValueError, match="'imputed' needs an imputer"):
        Learner(ner, "causal_ner", settings=settings)


def test_a_label_that_was_picked_from_all_is_new(ner):
    doc = Doc(ner.vocab, words=["Acme", "closed"])
    learner = Learner(ner, "causal_ner", settings=FAST)
    for _ in range(25):
        learner.answer(doc, [Answer("d", 0, 1, ("PER",), "ORG", "mention"),
                             Answer("d", 1, 2, ("PER",), "O")])  # fmt: skip
        learner.update()
    assert ner.get_pipe("causal_ner").labels == ("PER", "LOC", "ORG")
    assert found(ner, [doc]) == [[(0, 1, "ORG")]]
    learner.undo(25)
    assert ner.get_pipe("causal_ner").labels == ("PER", "LOC")
    learner.answer(doc, [Answer("d", 0, 1, ("PER",), "ORG", "mention")])
    assert learner.update().loss > 0


def test_an_answer_that_cannot_be_is_refused_before_it_is_journaled():
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_tagger", config={"attribute": "pos"})
    cold_start(nlp, "causal_tagger", ["NOUN"])
    learner = Learner(nlp, "causal_tagger")
    doc = Doc(nlp.vocab, words=["a", "b"])
    with pytest.raises(ValueError, match="'THING' is no universal"):
        learner.answer(doc, [Answer("d", 0, 1, (), "THING")])
    with pytest.raises(ValueError, match="2:3 of 'd'"):
        learner.answer(doc, [Answer("d", 2, 3, (), "NOUN")])
    assert not len(learner.journal) and learner.waiting == []
    learner.answer(doc, [Answer("d", 0, 1, (), "NOUN")])
    with pytest.raises(ValueError, match="other tokens"):
        learner.answer(Doc(nlp.vocab, words=["a"]), [Answer("d", 0, 1, (), "NOUN")])


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


def test_leaves_the_global_random_states_alone(ner, docs):
    learner = Learner(ner, "causal_ner", settings=FAST)

    def drawn():
        states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
        return repr(states)

    before = drawn()
    session(learner, docs)
    assert drawn() == before


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


def test_a_label_of_an_answer_that_waits_stays(docs):
    learner = Learner(untrained(), "causal_ner", settings=FAST)
    session(learner, docs[:2])
    learner.answer(docs[2], [Answer("d", 0, 1, ("PER",), "ORG")])
    again = Learner(
        untrained(), "causal_ner", settings=FAST, journal=learner.journal
    )  # fmt: skip
    learner.undo()
    for each in (learner, again):
        assert each.nlp.get_pipe("causal_ner").labels == ("PER", "LOC", "ORG")
    assert learner.waiting


def test_replay_keeps_the_first_domain(docs):
    """Afterwards the model is told, of other text, that nothing is an entity."""

    def after_second_domain(replay_ratio):
        nlp = untrained()
        initial = gold_docs(nlp)
        first = Learner(nlp, "causal_ner", settings=replace(FAST, updates=40))
        session(first, initial)
        assert found(nlp, initial) == truth(initial)
        settings = replace(FAST, replay_ratio=replay_ratio, updates=4)
        learner = Learner(nlp, "causal_ner", initial=initial, settings=settings)
        for i in range(10):
            other = Doc(nlp.vocab, words=["Buy", f"Item{i}", "in", "Shops", "!"])
            session(learner, [other])
        right = [
            set(a) & set(b)
            for a, b in zip(found(nlp, initial), truth(initial), strict=True)
        ]
        return sum(map(len, right))

    assert after_second_domain(4.0) > after_second_domain(0.0) + 3


def test_earlier_answers_are_replayed_too(ner, docs):
    learner = Learner(ner, "causal_ner", settings=replace(FAST, replay_ratio=2.0))
    assert session(learner, docs[:2]).n_examples == 2 * 2
    assert session(learner, docs[2:3]).n_examples == 2 * (1 + 2)


def test_later_answers_about_a_text_join_the_earlier_ones(ner, docs):
    learner = Learner(ner, "causal_ner")
    learner.answer(docs[0], [Answer("d", 0, 1, ("PER",), "PER")])
    learner.update()
    learner.answer(docs[0], [Answer("d", 3, 4, ("LOC",), "LOC")])
    learner.update()
    rows = learner._memory.lessons["d"].targets.rows
    assert rows.sum(1).tolist() == pytest.approx([1, 0, 0, 1, 0])


@pytest.fixture
def on_disk(tmp_path, docs):
    nlp = untrained()
    journal = Journal(tmp_path / "journal.jsonl")
    learner = Learner(nlp, "causal_ner", settings=FAST, journal=journal, seed=1)
    session(learner, docs[:3])
    learner.save(tmp_path / "checkpoint")
    learner.answer(docs[0], [Answer("x", 0, 1, ("ORG",), "ORG", "mention")])
    learner.update()
    learner.answer(docs[4], answers_to(docs[4]))
    return learner


@pytest.mark.parametrize("with_checkpoint", [True, False])
def test_a_session_is_taken_up_again(tmp_path, docs, on_disk, with_checkpoint):
    kwargs = {"checkpoint": tmp_path / "checkpoint"} if with_checkpoint else {}
    nlp, copy = untrained(), tmp_path / "copy.jsonl"
    copy.write_bytes((tmp_path / "journal.jsonl").read_bytes())
    again = Learner(
        nlp, "causal_ner", settings=FAST, seed=1, journal=Journal(copy), **kwargs
    )  # fmt: skip
    assert weights_of(nlp) == weights_of(on_disk.nlp)
    assert again.waiting == on_disk.waiting and again.n_batches == 2
    assert again.update() == on_disk.update()
    assert weights_of(nlp) == weights_of(on_disk.nlp)
    again.undo(2)
    on_disk.undo(2)
    assert weights_of(nlp) == weights_of(on_disk.nlp)
    last = Learner(
        untrained(), "causal_ner", settings=FAST, seed=1, journal=Journal(copy),
        **kwargs,
    )  # fmt: skip
    assert weights_of(last.nlp) == weights_of(nlp) and last.n_batches == 1


def test_a_checkpoint_of_what_was_undone_since_is_not_used(tmp_path, docs, on_disk):
    on_disk.undo(2)
    on_disk.update()
    again = Learner(
        untrained(), "causal_ner", settings=FAST, seed=1,
        journal=Journal(tmp_path / "journal.jsonl"),
        checkpoint=tmp_path / "checkpoint",
    )  # fmt: skip
    assert weights_of(again.nlp) == weights_of(on_disk.nlp)


def test_a_checkpoint_of_another_session_is_refused(tmp_path, on_disk):
    path = tmp_path / "checkpoint"
    journal = on_disk.journal

    def load(**kwargs):
        settings = {"settings": FAST, "seed": 1, "journal": journal, **kwargs}
        Learner(untrained(), "causal_ner", checkpoint=path, **settings)

    load()
    with pytest.raises(ValueError, match="its seed is 1"):
        load(seed=2)
    with pytest.raises(ValueError, match="its settings is"):
        load(settings=LearnerSettings())
    with pytest.raises(ValueError, match="does not belong to the journal"):
        load(journal=Journal())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is no checkpoint"):
        load()


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_checkpoint_is_whole_or_not_at_all(tmp_path, monkeypatch, on_disk, failing):
    path = tmp_path / "checkpoint"
    before, names = path.read_bytes(), sorted(tmp_path.iterdir())

    def fail(*args):
        raise OSError("no space left")

    if failing == "fsync":
        monkeypatch.setattr(checkpoints.os, "fsync", fail)
    else:
        monkeypatch.setattr(checkpoints.Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        on_disk.save(path)
    monkeypatch.undo()
    assert path.read_bytes() == before and sorted(tmp_path.iterdir()) == names


def test_an_ephemeral_session_leaves_nothing(tmp_path, monkeypatch, ner):
    monkeypatch.chdir(tmp_path)
    learner = Learner(ner, "causal_ner")
    words = ["Xanthippe", "rests"]
    learner.answer(
        Doc(spacy.blank("en").vocab, words=words),
        [Answer("d", 0, 1, ("PER",), "HERO", "mention")],
    )
    learner.update()
    with pytest.raises(ValueError, match="is ephemeral"):
        learner.save(tmp_path / "checkpoint")
    assert not list(tmp_path.iterdir())
    ner.to_disk(tmp_path / "model")
    for path in (tmp_path / "model").rglob("*"):
        assert path.is_dir() or b"Xanthippe" not in path.read_bytes()
    assert b"HERO" in (tmp_path / "model/vocab/strings.json").read_bytes()


def test_inside_a_memory_zone_of_the_caller(ner):
    learner = Learner(ner, "causal_ner")
    with ner.memory_zone():
        doc = ner("Xanthippe rests")
        learner.answer(doc, [Answer("d", 0, 1, ("PER",), "HERO", "mention")])
        learner.update()
    assert "HERO" in ner.vocab.strings and "Xanthippe" not in ner.vocab.strings
    learner.undo()


def shared_pipeline():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": INTERVENING})
    for name in ("causal_ner", "causal_tagger"):
        nlp.add_pipe(name, config={"model": {"tok2vec": LISTENER}})
    gold = gold_docs(nlp)
    examples = [spacy.training.Example(doc.copy(), doc) for doc in gold]
    optimizer = nlp.initialize(lambda: examples)
    nlp.update(examples, sgd=optimizer)
    return nlp


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


@pytest.mark.parametrize(
    "settings,reason",
    [
        ({"mode": "x"}, "Unknown mode 'x'"),
        ({"updates": 0}, "at least 1"),
        ({"doubly_robust": True, "mode": "positives_only"}, "imputes something"),
    ],
)
def test_settings_that_make_no_sense(settings, reason):
    with pytest.raises(ValueError, match=reason):
        LearnerSettings(**settings)


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


def test_entities_of_a_mention_answer_are_spans(ner):
    doc = Doc(ner.vocab, words=["New", "York", "sleeps"])
    doc.set_ents([Span(doc, 0, 2, "LOC")])
    learner = Learner(ner, "causal_ner", settings=FAST)
    for _ in range(20):
        learner.answer(doc, [Answer("d", 0, 2, ("LOC",), "LOC", "mention"),
                             Answer("d", 2, 3, ("LOC",), "O")])  # fmt: skip
        learner.update()
    assert found(ner, [doc]) == [[(0, 2, "LOC")]]
