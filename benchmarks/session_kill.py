"""A server killed at random moments: answers lost, questions asked twice.

    python benchmarks/session_kill.py MODEL TEXTS.txt --kills 200

Four simulated annotators answer at once. The server is killed (SIGKILL) after a random
time and started again on the same dataset. An answer is lost if the server had
acknowledged it and the journal does not have it; a question is asked twice if two
answers to it were acknowledged.
"""

import json
import threading
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import numpy as np
import typer
from numpy.random import default_rng
from session_server import Server

from spacy_causal.store.database import Database
from spacy_causal.store.ledger import Ledger

ANNOTATORS = ("ann", "bob", "cid", "dan")


def main(
    model: str,
    texts: Path,
    *,
    kills: int = 200,
    longest: Annotated[float, typer.Option(help="Seconds to a kill, at most.")] = 3.0,
    seed: int = 0,
    output: Annotated[
        Path | None, typer.Option(help="JSON lines to append to.")
    ] = None,
) -> None:
    rng = default_rng(seed)
    acknowledged: list[tuple[str, int]] = []
    starts = []
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/a.db"
        server = Server(model, texts, url)
        for _ in range(kills):
            threads = [
                threading.Thread(target=annotate, args=(server, name, acknowledged))
                for name in ANNOTATORS
            ]
            for thread in threads:
                thread.start()
            time.sleep(float(rng.uniform(0, longest)))
            server.kill()
            for thread in threads:
                thread.join()
            starts.append(server.start())
        server.kill()
        database = Database(url)
        kept = Ledger(database.records("benchmark")).answers.values()
        database.close()
    journal = {(record.session, record.task_hash) for record in kept}
    times = Counter(number for _, number in acknowledged)
    row = {
        "kills": kills,
        "seed": seed,
        "acknowledged": len(acknowledged),
        "in_journal": len(kept),
        "lost": len(set(acknowledged) - journal),
        "asked_twice": sum(n > 1 for n in times.values()),
        "answered_twice_in_journal": len(kept) - len({x.task_hash for x in kept}),
        "restart_median_s": round(float(np.median(starts)), 2),
        "restart_max_s": round(max(starts), 2),
    }
    print(json.dumps(row))
    if output is not None:
        with output.open("a") as file:
            file.write(json.dumps(row) + "\n")


def annotate(server: Server, name: str, acknowledged: list[tuple[str, int]]) -> None:
    """Answer until the server is gone."""
    try:
        asked = server.questions(name)
        while asked:
            reply = server.answer(name, asked[0])
            if reply["saved"] == ["saved"]:
                acknowledged.append((name, asked[0]["_task_hash"]))
            asked = reply["questions"]
    except httpx.HTTPError:
        return


if __name__ == "__main__":
    typer.run(main)
