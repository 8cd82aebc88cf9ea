"""Whether a dataset can be gone on with, and with which labels."""

import pytest

from spacy_causal.server.controller import Controller
from spacy_causal.server.manual import sentence_task
from spacy_causal.server.resuming import answered_labels, check_resumable
from spacy_causal.store.database import Database
from spacy_causal.store.records import Record

LABELS = ["PER", "LOC"]


def begun(**config):
    return Record("begun", content={"config": config})


def ended(weights):
    return Record("ended", content={"answers": 1, "weights": weights})


def test_a_session_that_learnt_nothing_saves_what_it_began_with():
    records = [begun(weights="first"), ended("first"), begun(weights="first")]
    check_resumable(records, (), {"weights": "first"}, "one")
    records += [ended("taught")]
    check_resumable(records, (), {"weights": "first"}, "one")
    with pytest.raises(ValueError, match="taught the answers of 'one' already"):
        check_resumable(records, (), {"weights": "taught"}, "one")


def test_answers_about_another_layer():
    records = [begun(labels=LABELS), begun(layer="ner"), Record("answer", id=3)]
    check_resumable(records, [3], {"layer": "ner"}, "one")
    check_resumable(records, [3], {}, "one")
    with pytest.raises(ValueError, match="about ner, and this session would ask about"):
        check_resumable(records, [3], {"layer": "tag"}, "one")


def test_sessions_whose_answers_are_gone_say_nothing_of_the_layer():
    records = [begun(layer="ner"), Record("answer", id=2), begun(layer="pos")]
    records += [begun(layer="tag"), Record("answer", id=5)]
    check_resumable(records, [5], {"layer": "tag"}, "one")


def test_labels_that_were_answered_come_back():
    choices = [
        {"answer": "accept", "accept": [label], "_view_id": "choice"}
        for label in ("ORG", "none of these", "O", "PER")
    ]
    spans = [{"token_start": 0, "token_end": 0, "label": "MISC"}]
    sentence = {"_view_id": "ner_manual", "spans": spans}
    tasks = [*choices, {**sentence, "answer": "reject"}]
    assert answered_labels({"labels": LABELS}, tasks)["labels"] == [*LABELS, "ORG"]
    tasks.append({**sentence, "answer": "accept"})
    found = answered_labels({"labels": LABELS}, tasks)["labels"]
    assert found == [*LABELS, "ORG", "MISC"]
    assert answered_labels({}, tasks) == {}


@pytest.fixture
def begin():
    """A session over one dataset, in either view; each ends the one before."""
    database, open_ones = Database("sqlite://"), []

    def begin(view, stream):
        for controller in open_ones:
            controller.close()
        config = {"labels": LABELS}
        components = {"dataset": "one", "view_id": view, "config": config}
        open_ones.append(Controller({**components, "stream": stream}, database))
        return open_ones[-1]

    yield begin
    for controller in open_ones:
        controller.close()


def test_an_undo_leaves_the_answers_of_another_view(begin, nlp):
    from spacy_causal.server.answering import Given

    manual = begin("ner_manual", [sentence_task(nlp("Anna sang"))])
    (asked,) = manual.questions("ann", 1, wait=10)
    span = {"token_start": 0, "token_end": 0, "label": "PER"}
    manual.answer("ann", Given(asked["_task_hash"], "accept", spans=[span]))
    assert begin("choice", []).undo("ann") is None
    again = begin("ner_manual", []).undo("ann")
    assert again is not None and again["text"] == "Anna sang"
