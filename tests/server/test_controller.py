"""The controller: who is asked what, and when."""

from controlling import LABELS, Clock, Teacher, ask, say, tasks, wait_for
from hypothesis import given as such
from hypothesis import settings
from hypothesis import strategies as st

from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database


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
