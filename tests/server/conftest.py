"""A small trained pipeline on disk, texts to annotate, servers to talk to."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import spacy
from choice_sessions import TEXTS, Site, choice_session
from controlling import begin_controller
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed
from threads import served

ROOT = Path(__file__).parents[2]
PEOPLE = ["Anna", "Bruno", "Clara", "David", "Emma", "Felix"]
CITIES = ["Paris", "Berlin", "Rome", "Oslo", "Prague", "Madrid"]
ENCODER = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 16,
    "depth": 1,
    "embed_size": 100,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The folder of a `causal_ner` that finds people and cities."""
    nlp = spacy.blank("en")
    nlp.add_pipe("causal_ner", config={"model": {"tok2vec": ENCODER}})
    examples = []
    for person, city in zip(PEOPLE, CITIES, strict=True):
        doc = Doc(nlp.vocab, words=[person, "lives", "in", city, "."])
        doc.set_ents([Span(doc, 0, 1, "PER"), Span(doc, 3, 4, "LOC")])
        examples.append(Example(nlp.make_doc(f"{person} lives in {city} ."), doc))
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    folder = tmp_path_factory.mktemp("model")
    nlp.to_disk(folder)
    return folder


@pytest.fixture(scope="session")
def texts(tmp_path_factory):
    """36 texts with two names each, and one line that is none."""
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    lines = [f"{person} lives in {city} ." for person in PEOPLE for city in CITIES]
    lines.insert(3, "a bell \x07 rings")
    path.write_text("\n".join(lines))
    return path


class Server:
    """`python -m recipes.NAME` in a process of its own."""

    def __init__(self, *args, env=None, recipe="feedback", stdin=None):
        self.command = [sys.executable, "-m", f"recipes.{recipe}", *map(str, args)]
        wanted = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
        self.env = {name: value for name, value in wanted.items() if value is not None}
        # As where nothing is set: what is printed into a pipe is held back.
        self.env.pop("PYTHONUNBUFFERED", None)
        self.stdin = stdin
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [*self.command, "--port", "0"],
            cwd=ROOT,
            env=self.env,
            text=True,
            stdin=self.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.printed = []
        too_late = threading.Timer(120, self.process.kill)
        too_late.start()
        for line in self.process.stdout:
            self.printed.append(line)
            found = re.search(r"http://\S+", line)
            if found:
                self.url = found[0]
                break
        else:
            self.process.wait()
            self.process.stdout.close()
            raise AssertionError("".join(self.printed))
        too_late.cancel()
        self.drain = threading.Thread(target=self._drain, daemon=True)
        self.drain.start()
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def _drain(self):
        self.printed += self.process.stdout

    def questions(self, session="", n=1):
        asked = self.client.get("/api/questions", params={"session": session, "n": n})
        assert asked.status_code == 200, asked.text
        return asked.json()["questions"]

    def answer(self, question, session="", n=1, **given):
        given = {"answer": "accept", "accept": [], **given}
        said = {"task_hash": question["_task_hash"], **given}
        body = {"session": session, "answers": [said], "n": n}
        reply = self.client.post("/api/answers", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def kill(self):
        """As the machine would: the server and what it started, without a warning."""
        self.client.close()
        os.kill(self.process.pid, signal.SIGKILL)
        self._end()

    def _end(self):
        self.process.wait()
        self.drain.join()
        self.process.stdout.close()

    def stop(self):
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(120)
        finally:
            self.process.kill()
            self._end()


@pytest.fixture
def serve(tmp_path):
    """Starts servers, and stops those that are left."""
    started = []

    def start(*args, **options):
        started.append(Server(*args, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path}/answers.db"


@pytest.fixture
def in_thread():
    """Serves controllers in threads until the test is over; gives their addresses."""
    with ExitStack() as stack:
        yield lambda *given: stack.enter_context(served(*given))


@pytest.fixture
def site(in_thread):
    """Makes sessions of the view `choice`, and serves them."""

    def make(tasks=TEXTS, **config):
        controller = choice_session(tasks, **config)
        return Site(controller, in_thread(controller))

    return make


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=30000)
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens pages; whatever goes wrong in one fails the test."""
    contexts, errors = [], []

    def open_page(url, *, expected=None, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(30000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and (expected is None or expected not in message.text)
                and errors.append(message.text)
            ),
        )
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def start():
    """Begins controllers, and closes them at the end."""
    with ExitStack() as then:

        def start(*args, **options):
            controller = begin_controller(*args, **options)
            then.callback(controller.close)
            return controller

        yield start
