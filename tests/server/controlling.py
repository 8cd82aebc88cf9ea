"""A controller without a server or a model, and people who answer it."""

import time

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


def begin_controller(n=5, database=None, size=100, teacher=None, **options):
    components = {
        "dataset": "one",
        "view_id": "choice",
        "stream": tasks(n),
        "update": teacher,
        "config": {"labels": LABELS, "batch_size": size},
    }
    database = database or Database("sqlite://")
    controller = Controller(components, database, clock=Clock(), **options)
    while not controller._feed._ready and not controller._feed.finished:
        time.sleep(0.001)
    return controller


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
