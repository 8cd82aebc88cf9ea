"""The controller: who is asked what, and what becomes of the answers."""

import time

import pytest
from hypothesis import given as such
from hypothesis import settings
from hypothesis import strategies as st

from spacy_causal.server.answering import Given
from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database

LABELS = ["PER", "LOC"]


def tasks(n):
    for i in range(n):
        yield {
            "text": f"Text {i}",
            "tokens": [],
            "spans": [{"start": 0, "end": 4, "token_start": 0, "token_end": 0}],
            "options": [{"id": "PER", "text": "PER"}, {"id": "none", "text": "none"}],
            "shown": ["PER"],
        }


class Teacher:
    """Takes down what it was given."""

    def __init__(self):
        self.calls = []
        self.busy = False

    def __call__(self, answers):
        self.calls.append(("learn", sorted(answer["text"] for answer in answers)))

    def forget(self, answers):
        self.calls.append(("forget", sorted(answer["text"] for answer in answers)))


class Clock:
    now = 0.0

    def __call__(self):
        # Who waits for the feed waits in real time.
        return self.now + time.monotonic() / 1e6


@pytest.fixture
def start():
    started = []

    def start(n=5, database=None, size=100, teacher=None, **options):
        components = {
            "dataset": "one",
            "view_id": "choice",
            "stream": tasks(n),
            "update": teacher,
            "config": {"labels": LABELS, "batch_size": size},
        }
        database = database or Database("sqlite://")
        started.append(Controller(components, database, clock=Clock(), **options))
        while not started[-1]._feed._ready and not started[-1]._feed.finished:
            time.sleep(0.001)
        return started[-1]

    yield start
    for controller in started:
        controller.close()


def ask(controller, session="", n=1):
    for _ in range(2000):
        asked = controller.questions(session, n)
        if len(asked) == n or controller._feed.done:
            return asked
        time.sleep(0.001)
    raise AssertionError("The feed does not get ready.")


def say(controller, task, session="", **said):
    said = {"answer": "accept", "accept": ["PER"], **said}
    return controller.answer(session, Given(task["_task_hash"], **said))


def wait_for(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("That did not happen.")


def test_the_same_question_until_it_is_answered(start):
    controller = start()
    (first,) = ask(controller)
    assert ask(controller) == [first]
    two = ask(controller, n=2)
    assert two[0] == first and two[1] != first
    assert say(controller, first) == "saved"
    assert ask(controller) == two[1:]
    assert say(controller, first) == "known"
    assert controller.progress("")["answered"] == 1


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


def test_only_questions_of_its_own_view_are_asked_of_others(start):
    database = Database("sqlite://")
    controller = start(1, database=database, overlap=2)
    say(controller, ask(controller, "ann")[0], "ann")
    controller.close()
    manual = Controller(
        {"dataset": "one", "view_id": "ner_manual", "stream": [], "config": {}},
        database,
        overlap=2,
    )
    assert manual.questions("bob", 1, wait=1) == []
    manual.close()
    again = start(0, database=database, overlap=2)
    assert [task["text"] for task in ask(again, "bob")] == ["Text 0"]


def test_each_question_goes_to_one_annotator(start):
    controller = start(6)
    mine, yours = ask(controller, "ann", 3), ask(controller, "bob", 3)
    texts = [task["text"] for task in mine + yours]
    assert sorted(texts) == [f"Text {i}" for i in range(6)]
    assert ask(controller, "cid") == [] and controller.is_done("cid")
    assert controller.may_come_back("cid")
    assert say(controller, mine[0], "bob") == "taken"
    assert say(controller, mine[0], "ann") == "saved"


def test_or_to_as_many_as_are_wanted(start):
    controller = start(3, overlap=2)
    for session in ("ann", "bob"):
        for task in ask(controller, session, 3):
            assert say(controller, task, session) == "saved"
    assert controller.is_done("cid") and controller.is_done("ann")
    assert not controller.may_come_back("cid")
    assert len(controller.ledger.answers) == 6


def test_a_question_that_is_not_answered_goes_out_again(start):
    controller = start(1, timeout=60)
    (task,) = ask(controller, "ann")
    controller._clock.now += 59
    assert ask(controller, "bob") == []
    controller._clock.now += 2
    assert ask(controller, "bob") == [task]
    assert say(controller, task, "ann") == "taken"
    assert ask(controller, "ann") == []
    assert say(controller, task, "bob") == "saved"


def test_whoever_comes_late_may_answer_what_nobody_took(start):
    controller = start(1, timeout=60)
    (task,) = ask(controller, "ann")
    controller._clock.now += 100
    assert say(controller, task, "ann") == "saved"


def test_what_was_asked_before_the_server_was_started_anew_is_asked_again(start):
    (task,) = ask(start(), "ann")
    again = start()
    assert say(again, task, "ann") == "unasked"
    assert ask(again, "ann") == [task]
    assert say(again, task, "ann") == "saved"
    assert say(again, task, "bob") == "taken"


def test_undo_gives_the_question_back_first(start):
    controller = start(5)
    first, second, third = ask(controller, n=3)
    say(controller, first, accept=["none"], also_shown=["LOC"], seconds=2.5)
    say(controller, second)
    assert controller.undo("") == second
    assert ask(controller, n=3) == [second, third, ask(controller, n=3)[2]]
    assert controller.undo("") == first
    assert [task["text"] for task in ask(controller, n=2)] == ["Text 0", "Text 1"]
    assert controller.undo("") is None
    assert controller.undo("nobody") is None
    assert say(controller, first) == "saved"
    assert len(controller.ledger.answers) == 1


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


def test_a_session_is_taken_up_where_it_stopped(start):
    database, teacher = Database("sqlite://"), Teacher()
    controller = start(6, database, size=2, teacher=teacher)
    for task in ask(controller, n=4):
        say(controller, task)
    controller.save()
    controller.undo("")
    controller.close()
    again = Teacher()
    controller = start(6, database, size=2, teacher=again)
    texts = [task["text"] for task in ask(controller, n=3)]
    assert texts == ["Text 3", "Text 4", "Text 5"]
    taught = [text for _, batch in again.calls for text in batch]
    assert taught == ["Text 0", "Text 1", "Text 2"]
    assert controller.undo("")["text"] == "Text 2"


def test_questions_that_others_answered_wait_for_the_rest(start):
    database = Database("sqlite://")
    controller = start(2, database, overlap=2)
    for task in ask(controller, "ann", 2):
        say(controller, task, "ann")
    controller.close()
    # The model cuts mentions another way by now, and offers none of these again.
    controller = start(0, database, overlap=2)
    assert ask(controller, "ann") == []
    asked = ask(controller, "bob", 2)
    assert [task["text"] for task in asked] == ["Text 0", "Text 1"]
    assert not any("accept" in task or "answer" in task for task in asked)


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


def test_a_stream_that_breaks_off_says_so(start):
    controller = start(1)

    def broken():
        yield from tasks(1)
        raise RuntimeError("the cable is cut")

    components = {**controller.components, "dataset": "two", "stream": broken()}
    broken_one = Controller(components, Database("sqlite://"))
    wait_for(lambda: broken_one._feed.finished)
    assert "the cable is cut" in broken_one.progress("")["failure"]
    assert len(broken_one.questions("", 5)) == 1
    broken_one.close()


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


SESSIONS = ["ann", "bob", "cid", "dan"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "answer", "answer", "undo", "wait", "save", "restart"]),
        st.sampled_from(SESSIONS),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@such(STEPS, st.integers(1, 3))
def test_nothing_is_lost_nor_asked_twice(steps, overlap):
    """Four annotators in any order, with undos, late answers and restarts."""
    database, screens, kept = Database("sqlite://"), {}, set()

    def begin():
        components = {
            "dataset": "one",
            "view_id": "choice",
            "stream": tasks(7),
            "config": {"labels": LABELS},
        }
        made = Controller(
            components, database, overlap=overlap, timeout=60, clock=Clock()
        )
        wait_for(lambda: made._feed.finished)
        return made

    controller = begin()
    for what, session in steps:
        if what == "ask":
            for task in controller.questions(session, 2):
                assert (session, task["text"]) not in kept
                screens[session] = task
        elif what == "answer" and session in screens:
            task = screens.pop(session)
            if say(controller, task, session) == "saved":
                kept.add((session, task["text"]))
        elif what == "undo":
            task = controller.undo(session)
            assert (task is None) == (not any(who == session for who, _ in kept))
            if task:
                kept.remove((session, task["text"]))
        elif what == "wait":
            controller._clock.now += 61
        elif what == "save":
            controller.save()
        elif what == "restart":
            controller.close()
            controller = begin()
        texts = [text for _, text in kept]
        assert all(texts.count(text) <= overlap for text in texts)
        answers = controller.ledger.answers.values()
        found = {(x.session, controller.task_of(x)["text"]) for x in answers}
        assert found == kept
    controller.close()
    database.close()
