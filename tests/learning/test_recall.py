from dataclasses import replace

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.cold_start import cold_start
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.reading import probabilities_of
from spacy_causal.learning.settings import LearnerSettings

SETTINGS = LearnerSettings(learn_rate=0.01, updates=10, trust_prior=None)
LABELS = ["NOUN", "VERB", "ADJ", "ADV"]


def refused_then_told(settings):
    """A session in which "cats" is refused as two labels, then told to be a third, in
    other texts; its learner, and the refused token's targets at first."""
    nlp = cold_start(spacy.blank("en"), "causal_tagger", LABELS)
    learner = Learner(nlp, "causal_tagger", settings=settings)
    doc = Doc(nlp.vocab, words=["cats", "sleep"])
    learner.answer(doc, [Answer("first", 0, 1, ("VERB", "ADJ"), None)])
    learner.update()
    before = learner._memory.lessons["first"].targets.rows[0]
    for i in range(4):
        told = [Answer(f"later {i}", 0, 1, ("NOUN", "ADV"), "NOUN")]
        learner.answer(doc, told)
        learner.update()
    return learner, before


def recalled(learner):
    memory = learner._memory
    (lesson,) = learner._teacher.recalled([memory.lessons["first"]], memory.trust)
    return lesson


def test_a_refusal_is_imputed_anew_when_it_is_replayed():
    learner, before = refused_then_told(SETTINGS)
    lesson = recalled(learner)
    row = lesson.targets.rows[0]
    assert before == pytest.approx([0.5, 0, 0, 0.5], abs=0.1)
    assert row[0] > 0.9
    assert row[1] == row[2] == 0
    assert np.isclose(row.sum(), 1)
    assert not lesson.targets.rows[1].any()


def test_it_can_be_left_as_it_was():
    learner, before = refused_then_told(replace(SETTINGS, reimpute=False))
    lesson = recalled(learner)
    assert (lesson.targets.rows[0] == before).all()


def told_wrongly(settings):
    """A session in which "cats" is said to be a verb once, then a noun in other texts;
    its learner."""
    nlp = cold_start(spacy.blank("en"), "causal_tagger", LABELS)
    learner = Learner(nlp, "causal_tagger", settings=settings)
    doc = Doc(nlp.vocab, words=["cats", "sleep"])
    for name, label in [("first", "VERB"), *((f"{i}", "NOUN") for i in range(12))]:
        learner.answer(doc, [Answer(name, 0, 1, ("NOUN", "VERB", "ADV"), label)])
        learner.update()
    return learner


@pytest.mark.parametrize("mistakes,kept", [(0.0, True), (0.2, False)])
def test_a_mistake_is_seen_through_when_it_is_replayed(mistakes, kept):
    learner = told_wrongly(replace(SETTINGS, mistakes=mistakes))
    row = recalled(learner).targets.rows[0]
    assert (row[1] == 1) if kept else (row[0] > 0.5)


def test_what_was_not_asked_about_is_filled_in_anew_when_it_is_replayed():
    """As the model finds it then, not as it did when the text was answered."""
    learner, _ = refused_then_told(replace(SETTINGS, fill=True))
    before = learner._memory.lessons["first"].targets.rows[1]
    row = recalled(learner).targets.rows[1]
    doc = Doc(learner.nlp.vocab, words=["cats", "sleep"])
    (own,) = probabilities_of(learner.nlp, "causal_tagger", [doc])
    np.testing.assert_allclose(row, own[1], atol=1e-6)
    assert before.sum() == pytest.approx(1) and not np.allclose(row, before, atol=0.01)
