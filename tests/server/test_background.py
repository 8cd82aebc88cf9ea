"""The learner in a process of its own: the same as one that is waited for."""

import os
import subprocess
import sys
import time
from functools import partial

import pytest
import spacy
from spacy.tokens import Span

from spacy_causal.learning.answers import Answer
from spacy_causal.learning.background import BackgroundLearner, Lessons, _obey
from spacy_causal.learning.journal import Answered
from spacy_causal.learning.learner import Learner
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.weights import pipes_from_bytes
from spacy_causal.server.teaching import FeedbackTeacher


def build(model):
    settings = LearnerSettings(updates=1)
    return Learner(spacy.load(model), "causal_ner", settings=settings)


def said(person, label="PER"):
    words = (person, "lives", "here", ".")
    answer = Answer(person, 0, 1, ("PER", "LOC"), label, unit="mention")
    return person, Answered(words, (True, True, False, False), (answer,))


BATCHES = [[said("Anna"), said("Bruno")], [said("Rome", "LOC")], [said("Emma", None)]]


def taught(model, batches):
    lessons = Lessons(partial(build, model))
    for batch in batches:
        lessons.learn(batch)
    return lessons


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (["Emma"], BATCHES[:2]),
        (["Anna"], [BATCHES[0][1:], *BATCHES[1:]]),
        (["Anna", "Bruno"], BATCHES[1:]),
        (["Rome", "Bruno"], [BATCHES[0][:1], BATCHES[2]]),
        (["nobody"], BATCHES),
    ],
)
def test_what_is_taken_back_was_never_learnt(model, gone, left):
    lessons = taught(model, BATCHES)
    lessons.forget(gone)
    assert lessons.batches == left
    assert lessons.weights() == taught(model, left).weights()


def test_a_batch_that_fails_later_takes_no_other_along(model, monkeypatch):
    lessons, learn = taught(model, BATCHES), Lessons.learn

    def fail(self, batch):
        if batch == BATCHES[1]:
            raise RuntimeError("no room left")
        learn(self, batch)

    monkeypatch.setattr(Lessons, "learn", fail)
    with pytest.raises(RuntimeError, match="no room left"):
        lessons.forget(["Anna"])
    monkeypatch.undo()
    left = [BATCHES[0][1:], BATCHES[2]]
    assert lessons.batches == left
    assert lessons.weights() == taught(model, left).weights()


def test_a_batch_that_fails_leaves_no_trace(model):
    lessons = taught(model, BATCHES[:2])
    bad = said("Anna")[1]
    other = Answered(("Anna", "sings"), (True, False), bad.answers)
    with pytest.raises(ValueError, match="other tokens"):
        lessons.learn([said("Felix"), ("bad", other)])
    lessons.learn(BATCHES[2])
    assert lessons.weights() == taught(model, BATCHES).weights()


def wait_for(condition, seconds=240):
    for _ in range(seconds * 20):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("That did not happen.")


def test_in_the_background(model, tmp_path):
    """Its weights are those of a learner here, also after an undo and its death."""
    background = BackgroundLearner(partial(build, model))
    try:
        begun = time.monotonic()
        for batch in BATCHES:
            background.learn(batch)
        background.forget(["Rome"])
        assert time.monotonic() - begun < 1
        wait_for(lambda: not background.busy)
        assert (background.n_learnt, background.failure) == (2, None)
        weights = background.take_weights()
        assert background.take_weights() is None
        expected = taught(model, [BATCHES[0], BATCHES[2]]).weights()
        assert weights == expected
        nlp = spacy.load(model)
        pipes_from_bytes(nlp, weights)
        background._process.kill()
        wait_for(lambda: background._n_deaths == 1 and not background.busy)
        wait_for(lambda: background.n_learnt == 2)
        assert background.take_weights() == expected
        background.save(tmp_path / "taught")
        assert spacy.load(tmp_path / "taught").pipe_names == ["causal_ner"]
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="was not saved"):
            background.save(tmp_path / "file" / "taught")
    finally:
        background.close()
    assert not background._process.is_alive()


def build_gated(model):
    """One for whom no F1 is good enough."""
    nlp = spacy.load(model)
    doc = nlp.make_doc("Anna lives here .")
    doc.set_ents([Span(doc, 0, 1, "PER")])
    settings = LearnerSettings(updates=1, max_drop=-2.0, min_support=1)
    return Learner(nlp, "causal_ner", dev=[doc], settings=settings)


def test_what_the_gate_took_back_is_told(model):
    background = BackgroundLearner(partial(build_gated, model))
    try:
        background.learn(BATCHES[0])
        wait_for(lambda: not background.busy)
        assert (background.n_learnt, background.n_rolled_back) == (0, 1)
        assert background.fell == ["PER"] and background.failure is None
        status = FeedbackTeacher(background).status
        assert status["batches"] == 0 and status["fell"] == ["PER"]
    finally:
        background.close()


def test_a_folder_that_is_there_is_written_whole(model, tmp_path):
    lessons = taught(model, BATCHES[:1])
    (tmp_path / "taught").mkdir()
    (tmp_path / "taught" / "old").write_text("")
    assert "holds no pipeline" in _obey(lessons, "save", str(tmp_path / "taught"))
    assert (tmp_path / "taught" / "old").exists()
    (tmp_path / "taught" / "meta.json").write_text("{}")
    assert _obey(lessons, "save", str(tmp_path / "taught")) is None
    assert not (tmp_path / "taught" / "old").exists()
    assert spacy.load(tmp_path / "taught").pipe_names == ["causal_ner"]
    assert [path.name for path in tmp_path.iterdir()] == ["taught"]


ENDLESS = """
import time
from functools import partial
from spacy_causal.learning.background import BackgroundLearner

if __name__ == "__main__":
    background = BackgroundLearner(partial(time.sleep, 3600))
    print("started", flush=True)
    time.sleep(3600)
"""


def test_ends_when_the_one_that_started_it_is_killed(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    parent = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE)
    assert parent.stdout.readline() == b"started\n"
    time.sleep(3)
    parent.kill()
    # Its end is the end of all that write there: the learner is one of them.
    assert parent.communicate(timeout=60) == (b"", None)


def fail_to_build(message):
    raise OSError(message)


def die():
    os._exit(3)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (partial(fail_to_build, "nosuch.spacy"), "OSError: nosuch.spacy"),
        (die, "the process that learns has died"),
    ],
)
def test_without_a_learner_nobody_waits(build, reason, tmp_path):
    """Where it cannot be built, and where its process died once too often."""
    background = BackgroundLearner(build)
    try:
        background.learn(BATCHES[0])
        wait_for(lambda: not background.busy)
        assert background.failure == reason
        background.learn(BATCHES[1])
        assert not background.busy
        with pytest.raises(OSError, match=f"was not saved to .*{reason}"):
            background.save(tmp_path / "taught")
        assert background.take_weights() is None
    finally:
        background.close()


def test_who_waits_for_a_save_hears_that_it_cannot_be(tmp_path):
    background = BackgroundLearner(partial(fail_to_build, "nosuch.spacy"))
    try:
        with pytest.raises(OSError, match=r"nosuch\.spacy"):
            background.save(tmp_path / "taught")
    finally:
        background.close()
