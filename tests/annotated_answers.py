"""Datasets that several people have annotated, made as a session makes them."""

from spacy_causal.server.answering import Given
from spacy_causal.server.controller import Controller
from spacy_causal.server.manual import VIEW, checked_spans
from spacy_causal.store.database import Database
from spacy_causal.store.hashing import set_hashes
from spacy_causal.types import NONE_OF_THESE

LABELS = ["PER", "ORG", "LOC"]
NAMES = ("ann", "bob", "cy")


def tokens_of(words):
    tokens, at = [], 0
    for i, word in enumerate(words):
        place = {"start": at, "end": at + len(word), "id": i}
        tokens.append({"text": word, **place, "ws": i + 1 < len(words)})
        at += len(word) + 1
    return tokens


def token_question(i):
    """A task of the view `choice` about the first token; two labels are shown."""
    words = ["Text", str(i), "lives", "in", "Paris"]
    span = {"start": 0, "end": 4, "token_start": 0, "token_end": 0, "label": "mention"}
    options = [{"id": "PER", "text": "PER", "score": 0.5}]
    options += [{"id": "ORG", "text": "ORG", "score": 0.4}]
    options += [{"id": NONE_OF_THESE, "text": NONE_OF_THESE}]
    options += [{"id": "O", "text": "not a mention"}]
    task = {"text": " ".join(words), "tokens": tokens_of(words), "spans": [span]}
    task |= {"options": options, "shown": ["PER", "ORG"], "next": [], "seed": 0}
    return set_hashes(
        {**task, "unit": "mention", "round": i, "mode": "K = 2"}, "choice"
    )


def sentence(i, words=None):
    """A task of the view `ner_manual`; nothing is suggested."""
    words = words or ["Anna", "Li", "in", "Paris", str(i)]
    task = {"text": " ".join(words), "tokens": tokens_of(words), "_view_id": VIEW}
    return {**set_hashes(task, VIEW), "spans": []}


def annotate(db, dataset, view, tasks, said, *, names=NAMES):
    """Have each person answer each task: a choice, spans, "reject", "ignore" or "undo";
    None is no answer."""
    config = {"labels": LABELS, "none": NONE_OF_THESE, "outside": "O"}
    components = {"dataset": dataset, "view_id": view, "stream": tasks}
    components["config"] = config
    controller = Controller(components, Database(db), overlap=len(names), ahead=99)
    for i, name in enumerate(names):
        controller.questions(name, 99, wait=5)
        for task, row in zip(tasks, said, strict=True):
            if row[i] == "undo":
                controller.undo(name)
            elif row[i] is not None:
                given = given_of(task, row[i])
                assert controller.answer(name, given) == "saved"
    controller.close()


def given_of(task, said):
    number = task["_task_hash"]
    if isinstance(said, str):
        return Given(number, said)
    if task.get("_view_id") != VIEW:
        return Given(number, "accept", said)
    names = ("token_start", "token_end", "label")
    spans = [dict(zip(names, span, strict=True)) for span in said]
    return Given(number, "accept", spans=checked_spans(task, spans, LABELS))


def asked_of(controller, session):
    """The beginnings of the texts that somebody is asked about."""
    return [task["text"][:6] for task in controller.questions(session, 9, wait=5)]
