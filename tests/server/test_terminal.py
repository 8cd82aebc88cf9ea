"""The same session in a real pseudo terminal, key by key."""

import os
import select
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import click
import pytest
from annotated_answers import annotate, sentence, token_question
from choice_sessions import TEXTS, choice_session

from spacy_causal.server.controller import Controller
from spacy_causal.server.export import read_answers
from spacy_causal.server.terminal import run_in_terminal
from spacy_causal.store.database import Database
from spacy_causal.types import NONE_OF_THESE

pty = pytest.importorskip("pty")
ROOT = Path(__file__).parents[2]
SECONDS = 180


class Terminal:
    """`python -m recipes.NAME ... --terminal`, as somebody before a screen has it."""

    def __init__(self, recipe, *args):
        self.screen, self.theirs = pty.openpty()
        command = [sys.executable, "-m", f"recipes.{recipe}", *map(str, args)]
        # Who leads a session and opens a terminal gets its signals: ctrl+c is one.
        shell = ["sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(self.theirs)]
        self.process = subprocess.Popen(
            [*shell, *command, "--terminal"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm"},
            start_new_session=True,
            # A job in the background ignores ctrl+c, and what it starts does too.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        self.shown = ""

    def expect(self, text):
        """Read until a text is on the screen. RETURNS (str): What came until then."""
        until = time.monotonic() + SECONDS
        while text not in self.shown:
            read = self._read(until - time.monotonic())
            assert read, f"No {text!r} in {self.shown!r}"
            self.shown += read
        before, _, self.shown = self.shown.partition(text)
        return before

    def press(self, key):
        os.write(self.screen, key.encode())

    def end(self):
        """RETURNS (int): The exit status, once all was read."""
        self._let_go()
        until = time.monotonic() + SECONDS
        while self._read(until - time.monotonic()):
            pass
        return self.process.wait(SECONDS)

    def _let_go(self):
        """Hold the other end no longer: until the process has it, somebody must."""
        if self.theirs is not None:
            os.close(self.theirs)
        self.theirs = None

    def _read(self, seconds):
        """What comes next; nothing once the other end is closed, or too late."""
        if not select.select([self.screen], [], [], max(0, seconds))[0]:
            return ""
        try:
            return os.read(self.screen, 4096).decode("utf8", "replace")
        except OSError:
            return ""

    def close(self):
        self.process.kill()
        self.process.wait()
        self._let_go()
        os.close(self.screen)


@pytest.fixture
def terminal():
    opened = []

    def start(*args):
        opened.append(Terminal(*args))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_a_session(terminal, model, texts, database):
    """A label, none of these, back, not a mention, nonsense, a skip, the end."""
    screen = terminal("feedback", "one", model, texts, "--db", database, "--k", 2)
    shown = []
    for key, n_answered in [
        ("1", 0),
        ("x", 1),
        ("\x7f", 2),
        ("0", 1),
        ("?", 2),
    ]:
        shown.append(screen.expect(f"({n_answered} answered)"))
        screen.press(key)
    # Typed ahead: escape and an arrow mean nothing, a skip, a label, save, the end.
    screen.press("\x1b\x1b[A 2\x13q")
    screen.expect("4 answers")
    assert screen.end() == 0
    # What was taken back is asked again, and then goes on.
    asked = [" ".join(text.split()[-60:]) for text in shown]
    assert asked[1].rpartition("1 ")[0] == asked[3].rpartition("1 ")[0]
    tasks = read_answers("one", database)
    said = [(task["answer"], task["accept"]) for task in tasks]
    assert said == [
        ("accept", [tasks[0]["shown"][0]]),
        ("accept", ["O"]),
        ("ignore", []),
        ("accept", [tasks[3]["shown"][1]]),
    ]
    assert all(0 <= task["seconds"] < SECONDS for task in tasks)
    kinds = [record.kind for record in Database(database).records("one")]
    assert kinds.count("answer") == 5 and kinds.count("undo") == 1
    assert kinds[-1] == "ended"


def test_guidelines_a_follow_up_a_list_and_a_name(
    terminal, model, texts, database, tmp_path
):
    (tmp_path / "guide.txt").write_text("A city is a LOC.\x1b[2J")
    arguments = ("feedback", "one", model, texts, "--db", database, "--k", 1)
    arguments += ("--labels", "DISH,DRINK,PLACE", "--explore", 0, "--session", "Ann L.")
    guide = ("--instructions", tmp_path / "guide.txt", "--follow-up", "next")
    screen = terminal(*arguments, *guide)
    first = screen.expect("(0 answered)")
    assert "A city is a LOC.·[2J" in first and "0 not a mention" in first
    screen.press("x")
    screen.expect("None of those. One of these?")
    screen.expect("(0 answered)")
    screen.press("\x7f")
    assert "None of those" not in screen.expect("(0 answered)")
    screen.press("x1")
    screen.expect("(1 answered)")
    screen.press("xx")
    screen.expect("(2 answered)")
    screen.press("?")
    assert "A city is a LOC." in screen.expect("(2 answered)")
    screen.press("/dr")
    screen.expect("/ dr_")
    assert "DISH" not in screen.expect("DRINK")
    screen.press("\x7f\x7fla\x1b[B\x1b[A\r")
    screen.expect("(3 answered)")
    screen.press("q")
    screen.expect("3 answers")
    assert screen.end() == 0
    tasks = read_answers("one", database)
    assert {task["_session_id"] for task in tasks} == {"Ann L."}
    assert [(x["answer"], x["accept"], x["also_shown"]) for x in tasks] == [
        ("accept", tasks[0]["next"], tasks[0]["next"]),
        ("reject", [], tasks[1]["next"]),
        ("accept", ["PLACE"], []),
    ]
    assert all(len(task["next"]) == 1 for task in tasks)
    # The list after "none of these"; in tokens with a label each nothing is outside.
    screen = terminal(*arguments, "--all-labels", "--follow-up", "list")
    whole = screen.expect("(3 answered)")
    assert "DISH, DRINK, PLACE" in " ".join(whole.split())
    screen.press("xdish\r")
    screen.expect("(4 answered)")
    screen.press("xnothing\r\x1b")
    assert "no label has that" in screen.expect("(4 answered)")
    screen.press("x")
    screen.expect("(5 answered)")
    screen.press("q")
    assert screen.end() == 0
    tasks = read_answers("one", database)[3:]
    assert [(x["answer"], x["accept"]) for x in tasks] == [
        ("accept", ["DISH"]),
        ("reject", []),
    ]
    assert {task["mode"] for task in tasks} == {"all labels"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--terminal", "--session", "Ann/../x"], "is no name of a session"),
        (["--terminal", "--session", "(agreed)"], "is no name of a session"),
        (["--session", "Ann"], "--session goes with --terminal"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_a_model_is_loaded(options, message):
    command = [sys.executable, "-m", "recipes.feedback", "one", "no model", "no file"]
    run = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS
    )
    assert run.returncode == 1
    said = " ".join((run.stdout + run.stderr).split())
    assert message in said and "Loading" not in said


def test_a_review(terminal, database):
    """Who said what is shown; ctrl+c ends it as q does, and it is taken up again."""
    tasks = [token_question(i) for i in range(3)]
    said = [(["PER"], ["ORG"]), (["ORG"], [NONE_OF_THESE]), (["PER"], ["PER"])]
    annotate(database, "one", "choice", tasks, said, names=("ann", "bob"))
    screen = terminal("review", "one", "--db", database)
    first = screen.expect("(1 answered)")
    assert "ann, bob" in first and "ann said: PER" in first and "bob said: ORG" in first
    screen.press("2")
    second = screen.expect("(2 answered)")
    assert f"bob said: {NONE_OF_THESE}" in second
    screen.press("\x03")
    screen.expect("2 answers")
    assert screen.end() == 0
    again = terminal("review", "one", "--db", database)
    assert "Text" in again.expect("(2 answered)")
    again.press("x")
    again.expect("3 answers")
    assert again.end() == 0
    answers = {x["text"][:6]: x for x in read_answers("one-reviewed", database)}
    assert answers["Text 0"]["accept"] == ["ORG"]
    assert answers["Text 1"]["answer"] == "reject"


def test_a_view_that_needs_a_page(terminal, database):
    """Refused before a model is loaded, or even looked for."""
    screen = terminal("active", "one", "no model", "no file")
    assert "Loading" not in screen.expect("needs a page")
    assert screen.end() == 1
    annotate(database, "whole", "ner_manual", [sentence(0)], [([], "reject", None)])
    screen = terminal("review", "whole", "--db", database)
    screen.expect("needs a page")
    assert screen.end() == 1


def test_what_goes_wrong_behind_the_questions_is_said(monkeypatch, capsys):
    """That nothing is learnt, and why the questions end."""

    def broken():
        yield TEXTS[0]
        raise RuntimeError("the cable is cut")

    controller = choice_session([])
    status = {"failure": "OSError: \x1b[2J nowhere.spacy"}
    components = {**controller.components, "dataset": "two", "stream": broken()}
    controller.close()
    monkeypatch.setattr(components["update"], "status", status)
    controller = Controller(components, Database("sqlite://"))
    monkeypatch.setattr(click, "getchar", lambda: " ")
    run_in_terminal(controller)
    first, _, last = capsys.readouterr().out.partition("(0 answered)")
    assert "model: OSError: ·[2J nowhere.spacy" in first
    assert "The source broke off: RuntimeError: the cable is cut" in last
