"""Whatever is said to the server, it does not break."""

import json

import pytest
from http_client import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_causal.server.app import create_app
from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database
from spacy_causal.store.hashing import set_hashes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
TASKS = [
    set_hashes({"text": str(i), "spans": [], "options": [{"id": "PER"}]}, "choice")
    for i in range(50)
]
ASKED = st.sampled_from([task["_task_hash"] for task in TASKS])
HASHES = st.integers(-1, 2**54) | st.sampled_from([0, 2**53 - 1, 2**53, 2**63])
LABELS = st.lists(st.just("PER") | st.text(max_size=3), max_size=2)
ANSWERS = st.fixed_dictionaries(
    {
        "task_hash": ASKED | HASHES,
        "answer": st.sampled_from(["accept", "reject", "ignore"]),
    },
    optional={
        "accept": LABELS,
        "also_shown": LABELS,
        "seconds": st.floats(0, 60) | st.floats() | st.none(),
    },
)
SAID = st.fixed_dictionaries(
    {"answers": st.lists(ANSWERS, min_size=1, max_size=3)},
    optional={"session": st.sampled_from(["", "ann"]), "n": st.integers(0, 10)},
)
BODIES = JSON | st.fixed_dictionaries(
    {},
    optional={
        "session": st.text(max_size=5) | JSON,
        "answers": st.lists(ANSWERS | JSON, max_size=3),
        "n": st.integers(-3, 12) | JSON,
    },
)


@pytest.fixture(scope="module")
def client():
    components = {"dataset": "one", "view_id": "choice", "stream": TASKS}
    controller = Controller(components, Database("sqlite://"))
    with TestClient(create_app(controller), base_url="http://localhost") as client:
        yield client
    controller.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["answers", "undo", "save"]), BODIES)
def test_any_body_is_answered(client, call, body):
    # Python's JSON has NaN, as some clients have.
    content = json.dumps(body).encode("utf8", "surrogatepass")
    kind = {"content-type": "application/json"}
    reply = client.post(f"/api/{call}", content=content, headers=kind)
    assert reply.status_code in (200, 400, 422)


@settings(deadline=None)
@given(SAID)
def test_so_is_any_answer_to_a_question(client, body):
    """Of bodies of any form nearly all are refused for it."""
    content = json.dumps(body).encode("utf8", "surrogatepass")
    kind = {"content-type": "application/json"}
    reply = client.post("/api/answers", content=content, headers=kind)
    assert reply.status_code in (200, 400, 422)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/plain", ""]))
def test_so_are_bytes(client, content, kind):
    reply = client.post("/api/answers", content=content, headers={"content-type": kind})
    assert reply.status_code in (200, 400, 422)


@settings(deadline=None)
@given(
    st.sampled_from(["questions", "progress"]), st.text(max_size=8), st.text(max_size=4)
)
def test_and_queries(client, call, session, n):
    params = {"session": session.encode("utf8", "replace").decode(), "n": n}
    reply = client.get(f"/api/{call}", params=params)
    assert reply.status_code in (200, 422)
