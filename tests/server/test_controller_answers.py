"""The controller: what becomes of answers."""

import threading
import time

import pytest
from controlling import LABELS, Teacher, ask, say, tasks, wait_for

from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database


@pytest.mark.parametrize(
    "second",
    [
        {"accept": ["LOC"]},
        {"accept": [], "answer": "ignore"},
        {"accept": ["none"]},
        {"accept": ["PER"], "also_shown": ["LOC"]},
    ],
)
def test_another_answer_is_not_taken_for_the_same(start, second):
    controller = start()
    (task,) = ask(controller)
    assert say(controller, task) == "saved"
    assert say(controller, task, **second) == "other"
    assert say(controller, task) == "known"
    assert controller.ledger.last_of("").content["accept"] == ["PER"]


def test_labels_that_came_twice_are_kept_once(start):
    controller = start()
    (task,) = ask(controller)
    given = {"accept": ["none"], "also_shown": ["LOC", "PER", "LOC"]}
    assert say(controller, task, **given) == "saved"
    assert controller.ledger.last_of("").content["also_shown"] == ["LOC"]


@pytest.mark.parametrize(
    "said",
    [
        {"answer": "maybe"},
        {"accept": ["ORG"]},
        {"accept": ["PER", "LOC"]},
        {"also_shown": ["ORG"]},
        {"seconds": -1.0},
        {"seconds": float("nan")},
    ],
)
def test_what_the_question_does_not_have_is_no_answer(start, said):
    controller = start()
    (task,) = ask(controller)
    with pytest.raises(ValueError):
        say(controller, task, **said)
    assert not controller.ledger.answers
    assert ask(controller) == [task]


def test_what_cannot_be_learnt_is_refused_before_it_is_kept(start):
    class Strict(Teacher):
        def check(self, task):
            if task["answer"] == "reject":
                raise ValueError("not that")

    controller = start(teacher=Strict())
    (task,) = ask(controller)
    with pytest.raises(ValueError, match="not that"):
        say(controller, task, answer="reject")
    assert not controller.ledger.answers
    assert say(controller, task) == "saved"


def test_a_failure_to_teach_is_said_and_tried_again(start, monkeypatch):
    monkeypatch.setattr("spacy_causal.server.controller.PAUSE", 0.01)
    teacher = Teacher()
    controller = start(6, size=2, teacher=teacher)
    write, full = controller._write, [True]

    def fail(*records):
        if full and records[0].kind == "update":
            raise OSError("no room left")
        write(*records)

    monkeypatch.setattr(controller, "_write", fail)
    for task in ask(controller, n=3):
        say(controller, task)
    wait_for(lambda: controller.progress("")["failure"])
    assert "was not learnt: no room left" in controller.progress("")["failure"]
    assert teacher.calls == []
    full.clear()
    wait_for(lambda: teacher.calls)
    wait_for(lambda: controller.progress("")["failure"] is None)
    assert teacher.calls == [("learn", ["Text 0", "Text 1", "Text 2"])]


def test_a_batch_that_the_model_refuses_is_taught_later(start, monkeypatch):
    monkeypatch.setattr("spacy_causal.server.controller.PAUSE", 0.01)

    class Failing(Teacher):
        fails = True

        def __call__(self, answers):
            if self.fails:
                raise RuntimeError("no room left")
            super().__call__(answers)

    teacher = Failing()
    controller = start(6, size=2, teacher=teacher)
    for task in ask(controller, n=2):
        say(controller, task)
    wait_for(lambda: controller.progress("")["failure"])
    assert "was not learnt: no room left" in controller.progress("")["failure"]
    assert not controller.ledger.waiting
    controller.undo("")
    teacher.fails = False
    wait_for(lambda: ("learn", ["Text 0"]) in teacher.calls)
    wait_for(lambda: controller.progress("")["failure"] is None)
    assert teacher.calls.count(("learn", ["Text 0"])) == 1


def test_a_model_that_was_taught_is_not_taught_again(start):
    database = Database("sqlite://")

    def begin(weights, saved):
        config = {"labels": LABELS, "weights": weights}
        return Controller(
            {
                "dataset": "one",
                "view_id": "choice",
                "stream": tasks(2),
                "update": Teacher(),
                "on_exit": lambda controller: {"weights": saved},
                "config": config,
            },
            database,
        )

    first = begin("before", "after")
    first.close()
    begin("after", "after").close()  # Nothing was answered: nothing was taught.
    second = begin("before", "later")
    say(second, ask(second)[0])
    second.close()
    for taught in ("after", "later"):
        with pytest.raises(ValueError, match="has been taught the answers of 'one'"):
            begin(taught, None)
    begin("before", "later").close()


def test_an_undo_takes_back_what_was_learnt(start):
    teacher = Teacher()
    controller = start(5, size=2, teacher=teacher)
    for task in ask(controller, n=3):
        say(controller, task)
    wait_for(lambda: teacher.calls)
    controller.save()
    learnt = [text for what, batch in teacher.calls for text in batch]
    assert learnt == ["Text 0", "Text 1", "Text 2"]
    controller.undo("")
    assert teacher.calls[-1] == ("forget", ["Text 2"])
    assert sum(map(len, controller.ledger.batches)) == 2


def test_a_busy_model_is_given_more_later_and_at_once(start):
    teacher = Teacher()
    teacher.busy = True
    controller = start(6, size=2, teacher=teacher)
    for task in ask(controller, n=5):
        say(controller, task)
    time.sleep(0.6)
    assert teacher.calls == []
    teacher.busy = False
    wait_for(lambda: teacher.calls)
    assert teacher.calls == [("learn", [f"Text {i}" for i in range(5)])]


def test_a_write_that_fails_changes_nothing(start, monkeypatch):
    controller = start()
    (task,) = ask(controller)

    def full(*args):
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(controller._file, "append", full)
        with pytest.raises(OSError):
            say(controller, task)
    assert ask(controller) == [task]
    assert say(controller, task) == "saved"


def test_what_fails_at_the_end_is_raised_once_all_else_is_done(start, tmp_path):
    """The rest is learnt, the journal says that it ended, the dataset is let go."""
    database, teacher = Database(f"sqlite:///{tmp_path}/a.db"), Teacher()
    controller = start(database=database, teacher=teacher)
    (task,) = ask(controller)
    say(controller, task)

    def fail(controller):
        raise OSError("no space left on device")

    controller.components["on_exit"] = fail
    with pytest.raises(OSError, match="no space left"):
        controller.close()
    assert teacher.calls == [("learn", ["Text 0"])]
    assert not controller._feed._thread.is_alive()
    assert [x.kind for x in database.records("one")][-2:] == ["update", "ended"]
    database.dataset("one").close()
    controller.close()
    database.close()


class Resumed(list):
    def resume(self, answers):
        raise ValueError("not this one")


def refuse(controller):
    raise ValueError("not this one")


@pytest.mark.parametrize("part", [{"stream": Resumed()}, {"on_load": refuse}])
def test_a_session_that_cannot_begin_lets_its_dataset_go(part, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    components = {"dataset": "one", "view_id": "choice", "stream": tasks(9)}
    before = threading.active_count()
    with pytest.raises(ValueError, match="not this one") as refused:
        Controller(components | part, database)
    # Held as a notebook holds it, with the controller that was begun.
    assert refused.traceback
    wait_for(lambda: threading.active_count() == before)
    Controller(components, database).close()
