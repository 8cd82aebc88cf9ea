"""A session's page and API, served by a thread of the test's own process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from spacy_causal.server.app import create_app
from spacy_causal.server.controller import Controller


@contextmanager
def served(controller: Controller, token: str | None = None) -> Iterator[str]:
    """The address of the page, for as long as it is needed."""
    app = create_app(controller, token=token)
    settings = uvicorn.Config(app, port=0, log_level="error", ws="none")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()
        controller.close()
