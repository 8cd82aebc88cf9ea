"""Runs what a recipe returns."""

import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import uvicorn

from spacy_causal.server.app import create_app
from spacy_causal.server.controller import Controller
from spacy_causal.server.security import is_loopback
from spacy_causal.store import DEFAULT_URL
from spacy_causal.store.database import (
    IN_MEMORY,
    Database,
    Dataset,
    is_in_memory,
)
from spacy_causal.store.records import Record

SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class Serving:
    """How a session is served.

    db (str): URL of the database.
    host, port: Where it listens; port 0 takes a free one.
    token (str | None): What everybody has to show; has to be there beyond loopback.
    overlap (int): How many people answer each question.
    timeout (float): Seconds after which an unanswered question goes out again.
    ephemeral (bool): Whether texts and answers stay in memory: the database keeps
        nothing of the session but counts.
    """

    db: str = DEFAULT_URL
    host: str = "127.0.0.1"
    port: int = 8080
    token: str | None = None
    overlap: int = 1
    timeout: float = 600.0
    ephemeral: bool = False

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise ValueError(f"A token has at least {SHORTEST_TOKEN} characters.")
        if self.token is None and not is_loopback(self.host):
            raise ValueError(
                f"Others can reach {self.host}: give a --token that visitors must know."
            )


@contextmanager
def open_session(components: dict[str, Any], serving: Serving) -> Iterator[Controller]:
    """A session, resumed where its dataset says that it stopped; whoever runs it closes
    it. Of an ephemeral one the dataset keeps the number of answers, and nothing else.

    Raises ValueError when somebody else writes to the dataset.
    """
    with ExitStack() as then:
        with _ended_unless_begun(components.get("update")):
            url = IN_MEMORY if serving.ephemeral else serving.db
            database = then.enter_context(closing(Database(url)))
            counted = then.enter_context(_counting(components["dataset"], serving))
            controller = Controller(
                components, database, overlap=serving.overlap, timeout=serving.timeout
            )
        try:
            yield controller
        finally:
            if counted is not None:
                counts = {"answers": len(controller.ledger.answers), "ephemeral": True}
                counted.append([Record("ended", content=counts)])


@contextmanager
def _ended_unless_begun(update: Any) -> Iterator[None]:
    """A session that cannot begin ends the learner that waits for it: left alone, it
    would take the end of this process for its own death, and start anew."""
    try:
        yield
    except BaseException:
        if hasattr(update, "close"):
            update.close()
        raise


@contextmanager
def _counting(name: str, serving: Serving) -> Iterator[Dataset | None]:
    """The dataset that keeps an ephemeral session's counts, held from the start: at the
    end it might be open elsewhere."""
    if not serving.ephemeral or is_in_memory(serving.db):
        yield None
        return
    with (
        closing(Database(serving.db)) as database,
        closing(database.dataset(name)) as dataset,
    ):
        yield dataset


def serve(
    controller: Controller, serving: Serving, *, on_ready: Callable[[str], None]
) -> None:
    """Serve a session until it is interrupted, and close it, whatever happens.

    on_ready (Callable[[str], None]): Called with the page's address.
    Raises OSError when the port is taken, or the model cannot be saved at the end.
    """
    with closing(controller), listen(serving.host, serving.port) as listener:
        _run(controller, serving, listener, on_ready)


def _run(
    controller: Controller,
    serving: Serving,
    listener: socket.socket,
    on_ready: Callable[[str], None],
) -> None:
    port = listener.getsockname()[1]
    app = create_app(controller, host=serving.host, token=serving.token)
    # Requests are not logged: what is answered is nobody else's business.
    config = uvicorn.Config(
        app, log_level=logging.WARNING, access_log=False, server_header=False
    )
    name = f"[{serving.host}]" if ":" in serving.host else serving.host
    query = f"/?{urlencode({'token': serving.token})}" if serving.token else "/"
    # uvicorn ends in order at either signal, and then raises it once more.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    on_ready(f"http://{name}:{port}{query}")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """A socket that queues whoever comes; port 0 takes a free one.

    Raises OSError when the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio send a small reply's two packets at
    # once; elsewhere the second waits 40 ms for the first to be acknowledged.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Whoever connects before uvicorn is up waits instead of being refused.
        listener.listen()
    except OSError as error:
        listener.close()
        reason = error.strerror
        raise OSError(f"Cannot listen on {host}:{port}: {reason}") from error
    return listener
