"""A server killed at random moments: answers lost, questions asked twice.

    python benchmarks/session_models.py FOLDER
    python benchmarks/session_kill.py FOLDER --kills 20 --seeds 10

Four simulated annotators answer at once. The server is killed (SIGKILL) after a random
time and started again on the same dataset. An answer is lost if the server had
acknowledged it and the journal does not have it; a question is asked twice if anybody
is asked about the same span of the same text, whatever is shown, after an answer about
it was acknowledged. What a restart takes beyond loading is seen by comparing it with
the first start, before anything was answered. One row for each seed, which has a
dataset of its own, goes to benchmarks/results/sessions.jsonl.
"""

import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import httpx
import numpy as np
import typer
from numpy.random import default_rng
from session_server import ANNOTATORS, ROWS, Server
from tqdm import tqdm

from spacy_causal.experiments.results import Results
from spacy_causal.store.database import Database
from spacy_causal.store.ledger import Ledger

Place = tuple[str, int, int]


def main(
    folder: Path,
    *,
    kills: int = 20,
    longest: Annotated[float, typer.Option(help="Seconds to a kill, at most.")] = 2.0,
    seeds: int = 10,
    first_seed: int = 0,
    rows: Path = ROWS,
) -> None:
    """Append the rows that are not there yet."""
    common = {"bench": "kill", "kills": kills, "longest": longest}
    cells = [common | {"seed": seed} for seed in range(first_seed, first_seed + seeds)]
    for cell, outcome in Results(rows).run(cells, lambda one: kill(folder, one)):
        print(cell, outcome, flush=True)


def kill(folder: Path, cell: dict[str, Any]) -> dict[str, Any]:
    """Sessions on one dataset, each killed."""
    rng = default_rng(cell["seed"])
    seen = Seen()
    starts: list[float] = []
    with TemporaryDirectory() as scratch:
        url = f"sqlite:///{scratch}/a.db"
        server = Server(folder / "cnn", folder / "stream.spacy", url)
        for _ in tqdm(range(cell["kills"]), disable=None):
            threads = [
                threading.Thread(target=annotate, args=(server, name, seen))
                for name in ANNOTATORS
            ]
            for thread in threads:
                thread.start()
            time.sleep(float(rng.uniform(0, cell["longest"])))
            server.kill()
            for thread in threads:
                thread.join()
            starts.append(server.start())
        server.kill()
        database = Database(url)
        kept = Ledger(database.records("benchmark")).answers.values()
        database.close()
    journal = {(record.session, record.task_hash) for record in kept}
    return {
        "acknowledged": len(seen.acknowledged),
        "in_journal": len(kept),
        "lost": len(set(seen.acknowledged) - journal),
        "asked": seen.asked,
        "asked_twice": seen.asked_again,
        "answered_twice_in_journal": len(kept) - len({x.task_hash for x in kept}),
        "not_saved": seen.not_saved,
        "finished": seen.finished,
        "first_start_s": round(server.started_in, 2),
        "restart_median_s": round(float(np.median(starts)), 2),
        "restart_max_s": round(max(starts), 2),
    }


class Seen:
    """What all annotators together saw.

    acknowledged (list[tuple[str, int]]): By whom, and the question.
    asked, asked_again: Questions handed out; those of them that had an acknowledged
        answer before they were handed out.
    not_saved: Replies other than "saved".
    finished: Whether the texts came to their end.
    """

    def __init__(self) -> None:
        self.acknowledged: list[tuple[str, int]] = []
        self.answered: set[Place] = set()
        self.asked = self.asked_again = self.not_saved = 0
        self.finished = False
        self.lock = threading.Lock()


def annotate(server: Server, name: str, seen: Seen) -> None:
    """Answer until the server is gone."""
    answered: set[Place] = set()
    try:
        with seen.lock:
            answered |= seen.answered
        reply = server.ask(name)
        while not reply["done"]:
            for question in reply["questions"]:
                place = place_of(question)
                with seen.lock:
                    seen.asked += 1
                    seen.asked_again += place in answered
                    answered |= seen.answered
                reply = server.choose_first(name, question)
                with seen.lock:
                    note(reply, name, question, seen)
            if not reply["questions"]:
                with seen.lock:
                    answered |= seen.answered
                reply = server.ask(name)
        seen.finished = True
    except httpx.HTTPError:
        return


def note(
    reply: dict[str, Any], name: str, question: dict[str, Any], seen: Seen
) -> None:
    """Keep what a reply acknowledged."""
    if reply["saved"] == ["saved"]:
        seen.acknowledged.append((name, question["_task_hash"]))
        seen.answered.add(place_of(question))
    else:
        seen.not_saved += 1


def place_of(question: dict[str, Any]) -> Place:
    """What a question is about."""
    (span,) = question["spans"]
    return question["text"], span["start"], span["end"]


if __name__ == "__main__":
    typer.run(main)
