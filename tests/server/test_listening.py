"""When a session's address may be given away; what ends if one cannot begin."""

import asyncio
import socket
from urllib.parse import parse_qs, urlsplit

import pytest

from spacy_causal.server.run import Serving, listen, open_session, serve
from spacy_causal.server.teaching import FeedbackTeacher
from spacy_causal.store.database import Database


class Stop(Exception):
    pass


class Session:
    closed = False

    def close(self):
        self.closed = True


@pytest.mark.parametrize("db", ["not a url", "sqlite:///{folder}/one.db"])
@pytest.mark.parametrize("ephemeral", [False, True])
def test_a_learner_ends_with_a_session_that_cannot_begin(tmp_path, db, ephemeral):
    held = Database(f"sqlite:///{tmp_path}/one.db").dataset("one")
    learner = Session()
    components = {"dataset": "one", "view_id": "choice", "stream": []}
    components["update"] = FeedbackTeacher(learner)
    serving = Serving(db=db.format(folder=tmp_path), ephemeral=ephemeral)
    with (
        pytest.raises(ValueError, match=r"open in another process|The URL"),
        open_session(components, serving),
    ):
        pass
    assert learner.closed
    held.close()


@pytest.mark.parametrize(
    ("options", "asked"),
    [({}, []), ({"overlap": 2}, ["Anna"]), ({"timeout": 1e-6}, ["Anna"])],
)
@pytest.mark.parametrize("ephemeral", [False, True])
def test_how_many_answer_a_question_and_for_how_long_it_is_theirs(
    options, asked, ephemeral
):
    """Of one question that somebody holds, what somebody else is asked."""
    components = {"dataset": "one", "view_id": "choice"}
    components["stream"] = [{"text": "Anna", "spans": [], "options": []}]
    serving = Serving(db="sqlite://", ephemeral=ephemeral, **options)
    with open_session(components, serving) as controller:
        assert len(controller.questions("ann", 1, wait=5)) == 1
        found = controller.questions("bob", 1)
        assert [task["text"] for task in found] == asked
        controller.close()


def test_who_comes_as_soon_as_the_address_is_known_is_not_turned_away(monkeypatch):
    seen = []

    def come_at_once(url):
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as visitor:
            seen.append(visitor.getpeername())
        raise Stop

    monkeypatch.setattr("spacy_causal.server.run.create_app", lambda *_, **__: None)
    # `serve` takes this signal over.
    monkeypatch.setattr("signal.signal", lambda *_: None)
    session = Session()
    with pytest.raises(Stop):
        serve(session, Serving(port=0), on_ready=come_at_once)
    assert seen and session.closed


def test_a_reply_does_not_wait_for_its_first_packet_to_be_acknowledged():
    listener = listen("127.0.0.1", 0)

    async def sends_at_once():
        seen = asyncio.get_running_loop().create_future()

        def accepted(_, writer):
            taken = writer.get_extra_info("socket")
            seen.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(accepted, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            found = await asyncio.wait_for(seen, 10)
            writer.close()
            await writer.wait_closed()
        return found

    assert asyncio.run(sends_at_once())


def test_the_address_has_the_token_whatever_is_in_it():
    token, seen = "abc+def/ghi&jkl#mno%41=", []

    def look(url):
        seen.append(parse_qs(urlsplit(url).query))
        raise Stop

    with pytest.raises(Stop):
        serve(Session(), Serving(port=0, token=token), on_ready=look)
    assert seen == [{"token": [token]}]
