"""Keys as they come over a line, and what the terminal says of an answer too late."""

import os
import threading
from contextlib import contextmanager

import pytest
from choice_sessions import TEXTS, choice_session

from spacy_causal.server import terminal
from spacy_causal.server.answering import Given


@pytest.fixture
def line():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.mark.parametrize(
    ("parts", "keys"),
    [
        (["\x1b", "[A", "q"], ["\x1b[A", "q"]),
        (["1\x1b[", "B2"], ["1", "\x1b[B", "2"]),
        (["\x1b[3", "~"], ["\x1b[3~"]),
        (["\x1bO", "A"], ["\x1bOA"]),
        (["\x1b\x1b", "[A"], ["\x1b", "\x1b[A"]),
    ],
)
def test_a_key_may_come_in_parts(line, monkeypatch, parts, keys):
    monkeypatch.setattr(terminal, "CUT_FOR", 60)
    reading, writing = line
    found = terminal._keys(reading)
    os.write(writing, parts[0].encode())
    rest = threading.Timer(0.1, os.write, (writing, "".join(parts[1:]).encode()))
    rest.start()
    assert [next(found) for _ in keys] == keys
    rest.join()


def test_so_may_a_letter(line):
    reading, writing = line
    first, second = "é".encode()[:1], "é".encode()[1:]
    found = terminal._keys(reading)
    os.write(writing, b"a" + first)
    assert next(found) == "a"
    os.write(writing, second)
    assert next(found) == "é"


def test_escape_alone_is_a_key_after_a_while(line, monkeypatch):
    monkeypatch.setattr(terminal, "CUT_FOR", 0.05)
    reading, writing = line
    os.write(writing, b"1\x1b")
    found = terminal._keys(reading)
    assert [next(found), next(found)] == ["1", "\x1b"]
    assert "\x1b" not in terminal.QUIT


def test_a_letter_is_the_same_with_caps_lock(monkeypatch):
    session, keys = choice_session(TEXTS[:4]), iter("AX1Q")

    @contextmanager
    def keyboard():
        yield keys.__next__

    monkeypatch.setattr(terminal, "_keyboard", keyboard)
    terminal.run_in_terminal(session)
    assert next(keys, None) is None
    answers = [x.content for x in session.ledger.answers.values()]
    said = [(x["answer"], x["accept"]) for x in answers]
    labels = [("accept", ["LABEL 1"]), ("reject", []), ("accept", ["LABEL 1"])]
    assert said == labels


def test_who_answers_too_late_is_told(monkeypatch, capsys):
    session, now = choice_session(TEXTS[:2]), [0.0]
    session._clock = lambda: now[0]

    def keys():
        now[0] += 1000
        (task,) = session.questions("bob", 1)
        session.answer("bob", Given(task["_task_hash"], "accept", ["LABEL 2"]))
        yield "1"
        assert "Somebody else answered that" in capsys.readouterr().out
        yield "1"

    @contextmanager
    def keyboard():
        yield iter(keys()).__next__

    monkeypatch.setattr(terminal, "_keyboard", keyboard)
    terminal.run_in_terminal(session, session="ann")
    assert "Somebody else" not in capsys.readouterr().out
    said = [(x.session, x.content["accept"]) for x in session.ledger.answers.values()]
    assert said == [("bob", ["LABEL 2"]), ("ann", ["LABEL 1"])]
