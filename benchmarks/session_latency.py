"""How long an annotator waits for the next question while the model learns.

    python benchmarks/session_latency.py MODEL TEXTS.txt --questions 300

Starts `python -m recipes.feedback`, answers as fast as it can over HTTP with some
annotators at once, and times from sending an answer to having the next question. The
model learns behind all the time: an update is asked for after every tenth answer.
"""

import json
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from session_server import Server


def main(
    model: str,
    texts: Path,
    *,
    questions: Annotated[int, typer.Option(help="Of each annotator.")] = 300,
    annotators: int = 1,
    output: Annotated[
        Path | None, typer.Option(help="JSON lines to append to.")
    ] = None,
) -> None:
    with TemporaryDirectory() as folder:
        server = Server(model, texts, f"sqlite:///{folder}/a.db")
        while server.progress()["learning"]["busy"]:
            time.sleep(0.1)
        waits: list[float] = []
        learning: list[bool] = []
        names = [f"annotator {i}" for i in range(annotators)]
        args = (server, questions, waits, learning)
        threads = [
            threading.Thread(target=annotate, args=(name, *args)) for name in names
        ]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begun
        batches = server.progress()["learning"]["batches"]
        server.stop()
    p50, p99 = np.percentile(waits, [50, 99])
    row = {
        "model": Path(model).name,
        "annotators": annotators,
        "answers": len(waits),
        "seconds": round(seconds, 1),
        "batches": batches,
        "while_learning": round(float(np.mean(learning)), 3),
        "p50_ms": round(1000 * float(p50), 1),
        "p99_ms": round(1000 * float(p99), 1),
        "max_ms": round(1000 * max(waits), 1),
    }
    print(json.dumps(row))
    if output is not None:
        with output.open("a") as file:
            file.write(json.dumps(row) + "\n")


def annotate(
    name: str, server: Server, n: int, waits: list[float], learning: list[bool]
) -> None:
    """Answer what is asked, the first label each time."""
    (question,) = server.questions(name)
    for _ in range(n):
        begun = time.perf_counter()
        reply = server.answer(name, question)
        waits.append(time.perf_counter() - begun)
        learning.append(reply["progress"]["learning"]["busy"])
        if not reply["questions"]:
            return
        question = reply["questions"][0]


if __name__ == "__main__":
    typer.run(main)
