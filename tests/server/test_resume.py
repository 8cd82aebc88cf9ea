"""A session that is taken up again reads no text twice that is done with."""

import pytest
import spacy
from hypothesis import given as such
from hypothesis import strategies as st

from spacy_causal.learning.cold_start import cold_start
from spacy_causal.server.answering import Given
from spacy_causal.server.asking import Asking, QuestionStream
from spacy_causal.server.controller import Controller
from spacy_causal.server.finished import finished_texts, reading_of
from spacy_causal.server.sources import Source
from spacy_causal.store.database import Database
from spacy_causal.store.records import Record

QUIET = ("...", "! ?", ", ,")
LINES = [
    *("Anna sleeps", QUIET[0], "Bruno sings", "Clara runs", "David eats", QUIET[1]),
    *("Emma swims", "Felix reads", QUIET[2], "Gina walks"),
]


@pytest.fixture
def read():
    """The texts that a model was run on, in order."""
    return []


@pytest.fixture
def begin(tmp_path, read):
    """Starts sessions about one source on one database."""
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(LINES))
    own, started = Database("sqlite://"), []

    def begin(database=own, unit="mention", overlap=1):
        nlp = cold_start(spacy.blank("en"), "causal_ner", ["PER", "LOC"], seed=1)
        pipe = nlp.get_pipe("causal_ner")
        predict = pipe.predict

        def watched(docs):
            read.extend(doc.text for doc in docs)
            scores = predict(docs)
            if docs[0].text in QUIET:
                scores.logits[:, 0] += 50
            return scores

        pipe.predict = watched
        source = Source(str(path))
        stream = QuestionStream(nlp, "causal_ner", source, Asking(2, unit, seed=5))
        components = {"dataset": "one", "view_id": "choice", "stream": stream}
        components["config"] = {"labels": stream.labels}
        started.append(Controller(components, database, ahead=2, overlap=overlap))
        return started[-1]

    yield begin
    for controller in started:
        controller.close()


def answer_all(controller, n=10**6, session=""):
    """RETURNS (list): The questions answered, each once it was asked."""
    asked = []
    while len(asked) < n and not controller.is_done(session):
        for task in controller.questions(session, 1, wait=5):
            asked.append(task)
            said = Given(task["_task_hash"], "accept", task["shown"][:1])
            assert controller.answer(session, said) == "saved"
    return asked


def about(task):
    names = ("text", "spans", "options", "shown", "propensities", "seed", "round")
    return {name: task.get(name) for name in names}


def test_nothing_is_read_twice_once_all_was_answered(begin, read):
    first = begin()
    assert {task["text"] for task in answer_all(first)} == set(LINES) - set(QUIET)
    first.close()
    assert read == LINES
    read.clear()
    second = begin()
    assert answer_all(second) == [] and second.is_done("")
    assert read == [] and second.progress("")["total"] == len(first.ledger.answers)


@pytest.mark.parametrize("n_answered", [1, 2, 5, 6, 11])
def test_what_is_left_is_asked_as_it_would_have_been(begin, read, n_answered):
    """The same questions, labels and draws as in one session; nothing is left out."""
    unbroken = [about(task) for task in answer_all(begin(Database("sqlite://")))]
    first = begin()
    answered = answer_all(first, n_answered)
    first.close()
    read.clear()
    left = answer_all(begin())
    assert [about(task) for task in answered + left] == unbroken
    at = LINES.index(answered[-1]["text"])
    whole = answered[-1]["text"] not in {task["text"] for task in left}
    assert read == LINES[at + whole :]


def test_a_question_that_somebody_holds_is_asked_again(begin, read):
    """Handed out in the first text and not answered, when those after it were."""
    first = begin()
    (held,) = first.questions("ann", 1, wait=5)
    answer_all(first, session="bob")
    first.close()
    read.clear()
    second = begin()
    (again,) = answer_all(second)
    assert about(again) == about(held)
    assert read == [held["text"]]


def test_what_is_taken_back_is_asked_again(begin, read):
    first = begin()
    last = answer_all(first)[-1]
    first.undo("")
    first.close()
    (again,) = answer_all(begin())
    assert about(again) == about(last)


def test_another_unit_is_another_reading(begin, read):
    first = begin()
    answer_all(first)
    first.close()
    read.clear()
    answer_all(begin(unit="token"))
    assert read == LINES


def test_what_others_have_yet_to_answer_is_not_read_for_them(begin, read):
    first = begin(overlap=2)
    mine = answer_all(first, session="ann")
    first.close()
    read.clear()
    second = begin(overlap=2)
    theirs = answer_all(second, session="bob")
    assert [x["_task_hash"] for x in theirs] == [x["_task_hash"] for x in mine]
    assert read == []


READINGS = st.lists(st.sets(st.integers(1, 2**53 - 1), min_size=1), min_size=1)


@such(READINGS, st.data())
def test_no_text_is_finished_that_has_an_open_question(readings, data):
    """Read several times by a model that changes, answered here and there."""
    records = {}
    for asked in readings:
        reading = reading_of(asked)
        for number in sorted(data.draw(st.sets(st.sampled_from(sorted(asked))))):
            content = {"unit": "mention", "reading": reading}
            records.setdefault(number, Record("answer", "", 7, number, content))
    answered = set(records)
    expected = {
        7
        for asked in readings
        if answered == asked
        and reading_of(asked) in {x.content["reading"] for x in records.values()}
    }
    assert finished_texts(records.values(), "mention") == expected
    assert finished_texts(records.values(), "token") == set()


@pytest.mark.parametrize(("before", "now", "finished"), [
    (0.9, 0.9, True), (0.99, 0.9, True), (0.9, 0.99, False), (0.9, 1.0, False),
    (None, 1.0, True), (None, 0.9, True),
])  # fmt: skip
def test_who_asks_more_than_before_reads_the_texts_again(before, now, finished):
    """Sessions from before there was such a setting asked about everything."""
    content = {"unit": "token", "reading": reading_of([3]), "quiet": [8]}
    content |= {} if before is None else {"sure": before}
    records = [Record("answer", "", 7, 3, content)]
    assert finished_texts(records, "token", now) == ({7, 8} if finished else set())
