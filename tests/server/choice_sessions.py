"""Sessions of the view `choice` without a model behind them."""

from dataclasses import dataclass

from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database
from spacy_causal.types import NONE_OF_THESE

LABELS = [f"LABEL {i}" for i in range(66)]


class Teacher:
    status = {"busy": False, "batches": 3, "failure": None}  # noqa: RUF012
    busy = False

    def __call__(self, answers):
        pass

    def forget(self, answers):
        pass


class Tasks(list):
    problems = ("texts.txt:4: <b>no text</b>",)


def task(text, start, end, outside=True):
    options = [{"id": x, "text": x, "score": p} for x, p in
               [("LABEL 1", 0.8), ("LABEL 2", 0.15), ("LABEL 3", 0.001)]]  # fmt: skip
    options += [{"id": NONE_OF_THESE, "text": NONE_OF_THESE}]
    options += [{"id": "O", "text": "not a mention"}]
    span = {"start": start, "end": end, "token_start": 0, "token_end": 0}
    return {
        "text": text,
        "tokens": [],
        "spans": [{**span, "label": "mention"}],
        "options": options,
        "shown": [x["id"] for x in options[:3]],
        "next": ["LABEL 4", "LABEL 5", "LABEL 6"],
    }


def token_task(*shown, follow=()):
    """About a token; that it has no label is among what is shown, or beside it."""
    asked = task("Anna lives in Paris.", 14, 19)
    asked["spans"][0]["label"] = "token"
    beside = [x for x in (NONE_OF_THESE, "O") if x not in shown]
    options = [{"id": x, "text": "no label" if x == "O" else x}
               for x in (*shown, *beside)]  # fmt: skip
    for option in options[: len(shown)]:
        option["score"] = 0.4
    return {**asked, "options": options, "shown": [*shown], "next": [*follow]}


TEXTS = [task(f"Number {i} lives in Paris.", 18, 23) for i in range(9)]


def choice_session(tasks, **config) -> Controller:
    options = {"none": NONE_OF_THESE, "outside": "O", "batch_size": 5}
    options |= {"labels": LABELS, "follow_up": "off", "all_labels": False}
    return Controller(
        {
            "dataset": "<i>one</i>",
            "view_id": "choice",
            "stream": Tasks(tasks),
            "update": Teacher(),
            "progress": lambda controller, returned: 0.4,
            "config": {**options, **config},
        },
        Database("sqlite://"),
    )


@dataclass
class Site:
    """Where a session is served, and what was said there."""

    controller: Controller
    url: str

    def said(self, session=""):
        answers = self.controller.ledger.answers.values()
        return [
            (x.content["answer"], *x.content["accept"])
            for x in answers
            if x.session == session
        ]
