"""The tutorial's commands, run in order, answered as its reader would."""

import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import httpx
import pytest

from spacy_causal.corpus.markup import parse_markup
from spacy_causal.types import NONE_OF_THESE

ROOT = Path(__file__).parents[1]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf8")
MADE = re.compile(r"messages\.py (\d+) --seed (\d+)")
LEFT_OUT = "…"
TOO_LONG = 600


def blocks(document):
    """Each command block, with what the document shows of its output."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)
    assert {kind for kind, _ in fenced} == {"bash", "text"}
    assert document.count("```") == 2 * len(fenced)
    shown = []
    for kind, content in fenced:
        if kind == "bash":
            shown.append((content, []))
        else:
            shown[-1][1].extend(content.splitlines())
    return shown


class Reader:
    """A shell in which a reader works, and their knowledge of the messages."""

    def __init__(self, folder):
        self.where = folder / "where"
        self.where.write_text(str(folder))
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # Without an index spaCy builds the wheel in this environment.
        own = {"PATH": programs, "OMP_NUM_THREADS": "1", "PIP_NO_INDEX": "1"}
        self.env = {**os.environ, **own}
        self.env.pop("PYTHONUNBUFFERED", None)
        make = runpy.run_path(str(ROOT / "docs" / "messages.py"))["messages"]
        made = (make(int(n), int(seed)) for n, seed in MADE.findall(TUTORIAL))
        self.truth = dict(map(parse_markup, chain.from_iterable(made)))

    @contextmanager
    def shell(self, script):
        """A process that is ended with the block, or when it takes too long."""
        process = subprocess.Popen(
            ["bash", "-ec", script],
            cwd=self.where.read_text().strip(),
            env=self.env,
            text=True,
            encoding="utf8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        too_late = threading.Timer(TOO_LONG, os.killpg, (process.pid, signal.SIGKILL))
        too_late.start()
        try:
            with process:
                try:
                    yield process
                except BaseException:
                    os.killpg(process.pid, signal.SIGKILL)
                    raise
        finally:
            too_late.cancel()

    def run(self, block):
        """RETURNS (str): What the block's commands print."""
        with self.shell(f"{block}\npwd > {self.where}") as process:
            printed = process.stdout.read()
        assert process.returncode == 0, printed
        return printed

    def annotate(self, block, n):
        """The same of a session, in which `n` questions are answered."""
        _, command = block.split("\n", 1)
        printed = []
        with self.shell(f"exec {command.rstrip()} --port 0") as process:
            for line in process.stdout:
                printed.append(line)
                found = re.search(r"http://\S+", line)
                if found:
                    with httpx.Client(base_url=found[0], timeout=60) as client:
                        self.answer(client, n)
                    process.send_signal(signal.SIGINT)
        assert process.returncode == 0, "".join(printed)
        return "".join(printed)

    def answer(self, client, n):
        about = client.get("/api/config").json()
        while n:
            asked = client.get("/api/questions?n=1").json()
            assert not asked["done"], f"{n} answers are left"
            for question in asked["questions"]:
                if about["view_id"] == "ner_manual":
                    said = {"spans": self.spans(question)}
                else:
                    said = {"accept": [self.choice(question, about["config"])]}
                number = {"task_hash": question["_task_hash"], "answer": "accept"}
                body = {"answers": [{**number, **said, "seconds": 2}], "n": 0}
                reply = client.post("/api/answers", json=body)
                assert reply.json()["saved"] == ["saved"], reply.text
                n -= 1

    def spans(self, question):
        """A whole message's mentions, as the page sends them."""
        starts = {token["start"]: i for i, token in enumerate(question["tokens"])}
        ends = {token["end"]: i for i, token in enumerate(question["tokens"])}
        return [
            {"token_start": starts[start], "token_end": ends[end], "label": label}
            for start, end, label in self.truth[question["text"]]
        ]

    def choice(self, question, config):
        """Of the labels shown the right one, if it is among them."""
        (asked,) = question["spans"]
        for start, end, label in self.truth[question["text"]]:
            if (start, end) == (asked["start"], asked["end"]):
                return label if label in question["shown"] else NONE_OF_THESE
        return config["outside"]


def comparable(line):
    """A line without colour and columns, and without its numbers."""
    bare = re.sub(r"\x1b\[[\d;]*m", "", line)
    return " ".join(re.sub(r"\d+", "0", re.sub(r"[-=]{2,}", "", bare)).split())


@pytest.mark.slow
def test_the_tutorial(tmp_path):
    for name in ("configs", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    reader = Reader(tmp_path)
    for block, shown in blocks(TUTORIAL):
        session = re.match(r"# answer (\d+)", block)
        if session:
            printed = reader.annotate(block, int(session[1]))
        else:
            printed = reader.run(block)
        lines = [comparable(line) for line in printed.splitlines()]
        for line in shown:
            if line != LEFT_OUT:
                assert comparable(line) in lines, printed
