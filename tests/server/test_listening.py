"""When a session's address may be given away."""

import socket

import pytest

from spacy_causal.server.run import Serving, serve


class Stop(Exception):
    pass


class Session:
    closed = False

    def close(self):
        self.closed = True


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
