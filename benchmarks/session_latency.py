"""How long an annotator waits for the next question while the model learns.

    python benchmarks/session_models.py FOLDER
    python benchmarks/session_latency.py FOLDER --questions 300
    python benchmarks/session_latency.py FOLDER --model minilm
    python benchmarks/session_latency.py FOLDER --annotators 20 --questions 50

Rows go to benchmarks/results/sessions.jsonl.

Starts `python -m recipes.feedback`, answers as fast as it can over HTTP with some
annotators at once, and times from sending an answer to having the next question. The
model learns behind all the time: an update is asked for after every tenth answer.
"""

import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from session_server import ROWS, Server

from spacy_causal.experiments.results import Results
from spacy_causal.store.database import Database
from spacy_causal.store.ledger import Ledger


def main(
    folder: Path,
    *,
    model: str = "cnn",
    questions: Annotated[int, typer.Option(help="Of each annotator.")] = 300,
    annotators: int = 1,
    rows: Path = ROWS,
) -> None:
    """Append a row."""
    cell = {
        "bench": "latency",
        "run": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "model": model,
        "annotators": annotators,
        "load_before": round(os.getloadavg()[0], 2),
    }
    with TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/a.db"
        server = Server(folder / model, folder / "stream.spacy", url)
        while server.progress()["learning"]["busy"]:
            time.sleep(0.1)
        found = [Annotator(f"annotator {i}", server) for i in range(annotators)]
        threads = [
            threading.Thread(target=one.annotate, args=(questions,)) for one in found
        ]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begun
        batches = server.progress()["learning"]["batches"]
        server.stop()
        database = Database(url)
        kept = len(Ledger(database.records("benchmark")).answers)
        database.close()
    waits = [wait for one in found for wait in one.waits]
    learning = [busy for one in found for busy in one.learning]
    p50, p99 = np.percentile(waits, [50, 99])
    outcome = {
        "answers": len(waits),
        "lost": len(waits) - kept,
        "errors": sum(one.failure is not None for one in found),
        "batches": batches,
        "while_learning": round(float(np.mean(learning)), 3),
        "p50_ms": round(1000 * float(p50), 1),
        "p99_ms": round(1000 * float(p99), 1),
        "max_ms": round(1000 * max(waits), 1),
        "seconds": round(seconds, 1),
    }
    Results(rows).append(cell, outcome)
    print(cell, outcome)


class Annotator:
    """Answers what is asked, the first label each time.

    waits (list[float]): Seconds from sending an answer to having the next question, a
        reply without one and the asking again included.
    learning (list[bool]): Whether the model was learning then.
    """

    def __init__(self, name: str, server: Server):
        self.name, self.server = name, server
        self.waits: list[float] = []
        self.learning: list[bool] = []
        self.failure: Exception | None = None

    def annotate(self, n: int) -> None:
        try:
            reply = self._wait_for(self.server.ask(self.name))
            for _ in range(n):
                if reply["done"]:
                    return
                begun = time.perf_counter()
                reply = self.server.choose_first(self.name, reply["questions"][0])
                assert reply["saved"] == ["saved"], reply["saved"]
                reply = self._wait_for(reply)
                self.waits.append(time.perf_counter() - begun)
                self.learning.append(reply["progress"]["learning"]["busy"])
        except Exception as error:
            self.failure = error
            raise

    def _wait_for(self, reply: dict[str, Any]) -> dict[str, Any]:
        while not reply["questions"] and not reply["done"]:
            reply = self.server.ask(self.name)
        return reply


if __name__ == "__main__":
    typer.run(main)
