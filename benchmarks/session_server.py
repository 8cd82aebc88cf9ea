"""`python -m recipes.feedback` in a process, for the benchmarks of sessions."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
ROWS = ROOT / "benchmarks" / "results" / "sessions.jsonl"


ANNOTATORS = ("ann", "bob", "cid", "dan")


class Server:
    """One that can be killed and started again."""

    def __init__(self, model: Path, texts: Path, db: str, *more: str):
        recipe = [sys.executable, "-m", "recipes.feedback", "benchmark"]
        self.command = [*recipe, str(model), str(texts), "--db", db, "--port", "0"]
        self.command += more
        self.started_in = self.start()

    def start(self) -> float:
        """RETURNS (float): Seconds until a question could be had, or none is left."""
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, text=True, stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := re.search(r"http://\S+", line):
                break
        else:
            raise RuntimeError("The server did not start.")
        threading.Thread(target=list, args=(self.process.stdout,), daemon=True).start()
        self.client = httpx.Client(base_url=found[0], timeout=120)
        reply = self.ask(ANNOTATORS[0])
        while not reply["questions"] and not reply["done"]:
            reply = self.ask(ANNOTATORS[0])
        return time.perf_counter() - begun

    def ask(self, session: str) -> dict[str, Any]:
        """For the next question; the server waits a while for one to be ready."""
        reply = self.client.get("/api/questions", params={"session": session, "n": 1})
        reply.raise_for_status()
        return reply.json()

    def answer(
        self, session: str, question: dict[str, Any], accept: str | None
    ) -> dict[str, Any]:
        """Choose a label, or skip (None), and take the next question."""
        said = {"task_hash": question["_task_hash"], "answer": "ignore"}
        if accept is not None:
            said |= {"answer": "accept", "accept": [accept]}
        body = {"session": session, "answers": [said], "n": 1}
        reply = self.client.post("/api/answers", json=body)
        reply.raise_for_status()
        return reply.json()

    def choose_first(self, session: str, question: dict[str, Any]) -> dict[str, Any]:
        """Choose the first label, and take the next question."""
        return self.answer(session, question, question["options"][0]["id"])

    def progress(self) -> dict[str, Any]:
        return self.client.get("/api/progress").json()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
