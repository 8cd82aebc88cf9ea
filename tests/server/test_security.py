"""Who may talk to the server."""

import json

import pytest
from http_client import TestClient
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spacy_causal.server.app import STATIC, create_app
from spacy_causal.server.controller import Controller
from spacy_causal.server.messages import MOST_SPANS
from spacy_causal.server.run import Serving
from spacy_causal.server.security import MAX_BODY, cookie_name, cookie_of
from spacy_causal.store.database import Database

TOKEN = "a-token-that-is-long-enough"
COOKIE = cookie_name("127.0.0.1:8080")
PARTS = ["http://", "[", "]", ":", "//", "@", "127.0.0.1", "localhost", "8080",
         "99999", "::1", ".", "null", '"', "\\", ";", "=", COOKIE, "cross-site", "none",
         "{"]  # fmt: skip
VALUES = st.none() | st.lists(
    st.sampled_from(PARTS) | st.text(st.characters(max_codepoint=255), max_size=3),
    max_size=6,
).map(lambda parts: "".join(parts).encode("latin-1"))


@pytest.fixture
def client():
    made = []

    def make(token=None, host="127.0.0.1", base="http://127.0.0.1:8080"):
        components = {"dataset": "one", "view_id": "choice", "stream": []}
        controller = Controller(components, Database("sqlite://"))
        app = create_app(controller, host=host, token=token)
        client = TestClient(app, base_url=base, follow_redirects=False)
        made.append((client, controller))
        return client.__enter__()

    yield make
    for client, controller in made:
        client.__exit__()
        controller.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8080", 200),
        ("192.168.0.7", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8080", 421),
        ("localhost.evil.example", 421),
        ("[::1", 421),
        ("localhost:99999", 421),
        ("localhost:x", 421),
        ("", 421),
    ],
)
def test_only_names_of_our_own(client, host, status):
    assert client().get("/", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:8080"}, 200),
        ({"origin": "http://127.0.0.1:8081"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_only_our_own_page_may_answer(client, headers, status):
    body = {"answers": [], "n": 0}
    reply = client().post("/api/answers", json=body, headers=headers)
    assert reply.status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site", "of-the-future"])
def test_from_elsewhere_there_is_a_link_to_the_page_and_no_more(client, site):
    here = client()
    from_there = {"sec-fetch-site": site}
    assert here.get("/", params={"session": "ann"}, headers=from_there).is_success
    calls = ["questions?session=evil&n=10", "progress", "config", "openapi.json"]
    for path in (*(f"/api/{call}" for call in calls), "/static/app.js", "/nowhere"):
        assert here.get(path, headers=from_there).status_code == 403
    assert here.head("/", headers=from_there).status_code == 403


@pytest.fixture(scope="module")
def guarded():
    components = {"dataset": "one", "view_id": "choice", "stream": []}
    controller = Controller(components, Database("sqlite://"))
    with TestClient(
        create_app(controller, token=TOKEN), base_url="http://localhost"
    ) as here:
        yield here
    controller.close()


@settings(deadline=None)
@given(
    st.sampled_from([("GET", "/"), ("GET", "/api/progress"), ("POST", "/api/undo")]),
    st.fixed_dictionaries(
        {name: VALUES for name in ("host", "origin", "cookie", "sec-fetch-site")}
    ),
)
@example(("GET", "/"), {"origin": b"http://["})
@example(("GET", "/"), {"host": b"localhost:99999"})
def test_any_headers_are_answered(guarded, call, headers):
    given = {name: value for name, value in headers.items() if value is not None}
    reply = guarded.request(*call, headers=given, json={})
    assert reply.status_code in (401, 403, 421)


def test_nothing_without_the_token(client):
    here = client(TOKEN)
    paths = ["/", "/static/app.js", "/api/questions", "/api/openapi.json", "/nowhere"]
    for path in paths:
        assert here.get(path).status_code == 401
        assert here.get(path, params={"token": "wrong"}).status_code == 401
        assert here.get(path, headers={"cookie": f"{COOKIE}=x"}).status_code == 401
        wrong = {"authorization": f"Bearer {TOKEN}x"}
        assert here.get(path, headers=wrong).status_code == 401
    assert here.post("/api/undo", json={}).status_code == 401
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert here.post("/api/undo", json={}, headers=bearer).status_code == 200


def test_the_token_becomes_a_cookie_that_no_script_reads(client):
    here = client(TOKEN)
    reply = here.get("/", params={"token": TOKEN, "session": "ann"})
    assert reply.is_success and reply.headers["refresh"] == "0; url=/?session=ann"
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert TOKEN not in cookie and cookie_of(TOKEN) in cookie
    assert here.get("/").status_code == 200
    assert here.get("/api/progress").status_code == 200


@pytest.mark.parametrize("beside", ['foo={"a": 1}', "a b", "=x", 'c="', "d=e,f"])
def test_the_cookie_may_stand_beside_any_other(client, beside):
    cookie = f"{beside}; {COOKIE}={cookie_of(TOKEN)}; last={{}}"
    assert client(TOKEN).get("/", headers={"cookie": cookie}).status_code == 200


def test_servers_on_one_host_leave_each_other_their_cookies(client):
    """A browser sends cookies to all ports."""
    tokens = {port: f"{TOKEN}-{port}" for port in (8080, 8081)}
    servers = {
        port: client(token, base=f"http://127.0.0.1:{port}")
        for port, token in tokens.items()
    }
    cookies = {}
    for port, here in servers.items():
        cookies.update(here.get("/", params={"token": tokens[port]}).cookies)
    sent = {"cookie": "; ".join(f"{name}={cookies[name]}" for name in cookies)}
    for here in servers.values():
        here.cookies.clear()
        assert here.get("/", headers=sent).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "::", "my-machine"])
def test_beyond_loopback_there_is_a_token(host):
    with pytest.raises(ValueError, match="--token"):
        Serving(host=host)
    with pytest.raises(ValueError, match="16 characters"):
        Serving(host=host, token="short")
    assert Serving(host=host, token=TOKEN).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
def test_loopback_needs_none(host):
    assert Serving(host=host).token is None


@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_has_a_limit(client, in_pieces):
    body = b'{"answers": [], "session": "' + b"x" * MAX_BODY + b'"}'
    content = iter([body[:1000], body[1000:]]) if in_pieces else body
    kind = {"content-type": "application/json"}
    reply = client().post("/api/answers", content=content, headers=kind)
    assert reply.status_code == 413


def test_as_many_mentions_as_an_answer_may_have_are_within_it(client):
    label = "ü" * 100
    spans = [{"token_start": 9999, "token_end": 9999, "label": label}] * MOST_SPANS
    given = {"task_hash": 1, "answer": "accept", "spans": spans}
    content = json.dumps({"answers": [given]}, ensure_ascii=False).encode()
    kind = {"content-type": "application/json"}
    reply = client().post("/api/answers", content=content, headers=kind)
    assert reply.status_code == 200 and reply.json()["saved"] == ["unasked"]


@pytest.mark.parametrize("length", ["-1", "x", "1e9"])
def test_a_length_that_is_none_is_refused(client, length):
    headers = {"content-length": length}
    assert client().post("/api/undo", content=b"{}", headers=headers).status_code == 413


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/progress", "/nowhere"])
def test_every_reply_says_what_a_page_may_do(client, path):
    headers = client().get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    # Texts stay out of the browser's cache, addresses out of other sites' logs.
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_files_of_one_folder_and_nothing_else(client):
    here = client()
    for path in STATIC.iterdir():
        assert here.get(f"/static/{path.name}").content == path.read_bytes()
    names = ["..%2fapp.py", "../app.py", "%2e%2e/app.py", "..", ".", "x\\..\\app.py"]
    names += ["/etc/passwd", "%00", "app.js%00", "%252e%252e%252fapp.py"]
    for name in names:
        reply = here.get(f"/static/{name}")
        # What a client makes of ".." is the page.
        assert reply.content == here.get("/").content or reply.status_code == 404, name


def test_the_page_has_nothing_of_somebody_else():
    for path in STATIC.iterdir():
        content = path.read_text()
        links = content.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in links and "https:" not in links and "//cdn" not in links
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "style="):
            assert word not in content, path
