"""The HTTP surface as its OpenAPI document has it, and paths that it does not have."""

import asyncio
from itertools import product

import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from spacy_causal.server.app import STATIC, create_app
from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database

HOST = "testserver"
CALLS = ["config", "questions", "answers", "undo", "save", "progress"]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
LENIENT = {"deadline": None, "database": None,
           "suppress_health_check": list(HealthCheck)}  # fmt: skip
SEGMENTS = ["..", ".", "", "static", "server", "app.py", "app.js", "index.html", "~",
            "..\\", "%2e%2e", "%2f..", "..%2fapp.py", "\x00", "C:", "etc", "passwd",
            str(STATIC.parent)]  # fmt: skip


@pytest.fixture(scope="module")
def app():
    tasks = [{"text": str(i), "spans": [], "options": []} for i in range(50)]
    components = {"dataset": "one", "view_id": "choice", "stream": tasks}
    controller = Controller(components, Database("sqlite://"))
    yield create_app(controller, host=HOST)
    controller.close()


@pytest.fixture(scope="module")
def operations(app):
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    found = [each.ok() for each in schema.get_all_operations()]
    return {operation.path: operation for operation in found}


def test_all_calls_are_in_the_document(operations):
    assert sorted(operations) == sorted(f"/api/{call}" for call in CALLS)


@pytest.mark.parametrize(
    ("call", "mode"), [x for x in product(CALLS, MODES) if x != ("config", MODES[1])]
)
def test_it_does_what_its_document_says(operations, call, mode):
    """What fits it is answered, what does not is refused, both in the shapes that it
    names; there is no other status, least of all a failure.

    Of a name with letters beyond ASCII the document's dialect of patterns says less
    than ours; of a body that is too large it says nothing.
    """
    cases = operations[f"/api/{call}"].as_strategy(generation_mode=mode)
    seen = []

    @settings(max_examples=20, **LENIENT)
    @given(cases)
    def check(case):
        reply = case.call()
        seen.append(reply.status_code)
        given = case.body if isinstance(case.body, dict) else case.query or {}
        name = given.get("session")
        foreign = isinstance(name, str) and not name.isascii()
        excluded = [negative_data_rejection] if foreign else []
        if reply.status_code == 413:
            excluded = [negative_data_rejection, positive_data_acceptance]
        case.validate_response(reply, excluded_checks=excluded)

    check()
    assert set(seen) <= {200, 400, 413, 422} and len(seen) >= (
        1 if call == "config" else 10
    )


async def answered(app, path):
    """The status and body of a path as it stands: a client would make it another."""
    said = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"",
             "raw_path": path.encode("utf8", "replace"), "http_version": "1.1",
             "scheme": "http", "root_path": "", "server": (HOST, 80),
             "client": (HOST, 1), "headers": [(b"host", HOST.encode())]}  # fmt: skip
    await app(scope, receive, send)
    return said[0]["status"], b"".join(x.get("body", b"") for x in said[1:])


@settings(max_examples=120, **LENIENT)
@given(
    st.sampled_from(["/static/", "/", "//", "/static", "/api/../"]),
    st.lists(st.sampled_from(SEGMENTS) | st.text(max_size=6), max_size=5),
)
@example("/static/", ["..", "app.py"])
@example("/static/", ["app.js"])
@example("/static/", [str(STATIC / "app.js")])
def test_no_path_leaves_the_static_folder(app, prefix, segments):
    status, body = asyncio.run(answered(app, prefix + "/".join(segments)))
    assert status in (200, 307, 404)
    files = [path.read_bytes() for path in STATIC.iterdir()]
    assert status != 200 or body in files
