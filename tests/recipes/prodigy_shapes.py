"""Prodigy's published shapes of components and tasks: a checker in its place."""

import json

from spacy_causal.server.components import check_components

TOKEN = {"text": str, "start": int, "end": int, "id": int, "ws": bool}
SPAN = {"start": int, "end": int, "token_start": int, "token_end": int, "label": str}


def check_recipe(components):
    check_components(components)
    assert isinstance(components["dataset"], str)
    assert json.loads(json.dumps(components["config"])) == components["config"]
    assert all(isinstance(label, str) for label in components["config"]["labels"])
    assert components["config"]["choice_style"] == "single"


def check_task(task):
    """A task of the view `choice` with one span."""
    check_tokens(task)
    assert task.get("_view_id", "choice") == "choice"
    tokens = task["tokens"]
    (span,) = task["spans"]
    check_types(span, SPAN)
    # The last token is inside, the last character is not.
    assert tokens[span["token_start"]]["start"] == span["start"]
    assert tokens[span["token_end"]]["end"] == span["end"]
    ids = [option["id"] for option in task["options"]]
    assert len(set(ids)) == len(ids) >= 2
    assert all(isinstance(option["text"], str) for option in task["options"])


def check_tokens(task):
    """Text, tokens and hashes of a task of any view."""
    text, tokens = task["text"], task["tokens"]
    assert json.loads(json.dumps(task)) == task
    assert isinstance(task["_input_hash"], int) and isinstance(task["_task_hash"], int)
    for i, token in enumerate(tokens):
        check_types(token, TOKEN)
        assert token["id"] == i
        assert text[token["start"] : token["end"]] == token["text"]
        assert token["ws"] == (text[token["end"] : token["end"] + 1] == " ")


def check_types(value, shape):
    assert set(value) == set(shape)
    for name, kind in shape.items():
        assert type(value[name]) is kind
