"""What a session teaches, on toy tasks."""

import random
from dataclasses import replace

import numpy as np
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from toy_sessions import FAST, found, gold_docs, session, truth, untrained

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.cold_start import cold_start
from spacy_causal.learning.imputation import imputer_from
from spacy_causal.learning.journal import Journal
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings


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
    with pytest.raises(ValueError, match="'THING' is not a universal"):
        learner.answer(doc, [Answer("d", 0, 1, (), "THING")])
    with pytest.raises(ValueError, match="2:3 of 'd'"):
        learner.answer(doc, [Answer("d", 2, 3, (), "NOUN")])
    assert not len(learner.journal) and learner.waiting == []
    learner.answer(doc, [Answer("d", 0, 1, (), "NOUN")])
    with pytest.raises(ValueError, match="other tokens"):
        learner.answer(Doc(nlp.vocab, words=["a"]), [Answer("d", 0, 1, (), "NOUN")])


def test_leaves_the_global_random_states_alone(ner, docs):
    learner = Learner(ner, "causal_ner", settings=FAST)

    def drawn():
        _, legacy, *rest = np.random.get_state()  # noqa: NPY002
        # As lists: of an array as long as torch's, `repr` shows the ends alone.
        arrays = legacy.tolist(), torch.get_rng_state().tolist()
        return random.getstate(), rest, arrays

    before = drawn()
    session(learner, docs)
    assert drawn() == before


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


@pytest.mark.parametrize(
    "settings,reason",
    [
        ({"mode": "x"}, "Unknown mode 'x'"),
        ({"updates": 0}, "at least 1"),
        ({"doubly_robust": True, "mode": "positives_only"}, "imputes something"),
        ({"temperature": 0}, "temperature is above 0, not 0"),
        ({"clip": -1.0}, "clip is above 0, not -1.0"),
        ({"learn_rate": 0.0}, "learn_rate is above 0, not 0.0"),
        ({"dropout": 1.0}, "dropout lies in .0, 1., not at 1.0"),
        ({"freeze": "tok2vec"}, "freeze is a list of names: .'tok2vec',."),
    ],
)
def test_settings_that_make_no_sense(settings, reason):
    with pytest.raises(ValueError, match=reason):
        LearnerSettings(**settings)


@pytest.mark.parametrize("component", ["nobody", "ner", "candidate_scorer"])
def test_teaches_labellers_only(ner, component):
    ner.add_pipe("ner")
    ner.add_pipe("candidate_scorer")
    with pytest.raises(ValueError, match=f"has no {component} that is a causal_ner"):
        Learner(ner, component)


def test_a_disabled_component_would_learn_nothing(ner):
    with (
        ner.select_pipes(disable="causal_ner"),
        pytest.raises(ValueError, match="it has no pipes"),
    ):
        Learner(ner, "causal_ner")


def test_answers_as_candidates_give_them_are_written_down(ner, docs, tmp_path):
    ner.add_pipe(
        "candidate_scorer",
        config={"unit": "token", "explore": 0.5, "propensities": True},
    )
    journal = Journal(tmp_path / "journal.jsonl")
    learner = Learner(ner, "causal_ner", settings=FAST, journal=journal)
    doc = ner(Doc(ner.vocab, words=[token.text for token in docs[0]]))
    question = doc._.candidates[0]
    told = Answer(
        "d",
        np.int64(question.start),
        np.int32(question.end),
        question.labels,
        question.labels[0],
        propensities=question.propensities,
    )
    learner.answer(doc, [told])
    assert learner.update().n_answers == 1
    (record,) = [x for x in Journal(journal.path) if x["event"] == "answered"]
    assert [Answer.from_dict(said) for said in record["answers"]] == [told]


def test_entities_of_a_mention_answer_are_spans(ner):
    doc = Doc(ner.vocab, words=["New", "York", "sleeps"])
    doc.set_ents([Span(doc, 0, 2, "LOC")])
    learner = Learner(ner, "causal_ner", settings=FAST)
    for _ in range(20):
        learner.answer(doc, [Answer("d", 0, 2, ("LOC",), "LOC", "mention"),
                             Answer("d", 2, 3, ("LOC",), "O")])  # fmt: skip
        learner.update()
    assert found(ner, [doc]) == [[(0, 2, "LOC")]]


@pytest.mark.parametrize("part", ["initial", "dev"])
def test_examples_where_docs_are_wanted_say_so(ner, docs, part):
    examples = [Example(doc, doc) for doc in docs[:1]]
    with pytest.raises(TypeError, match="not Example: pass its reference"):
        Learner(ner, "causal_ner", **{part: examples})
