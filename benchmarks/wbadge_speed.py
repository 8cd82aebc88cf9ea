"""Picking K sentences by gradient embeddings: time and memory, beside two peers.

    python benchmarks/wbadge_speed.py peers --peers FOLDER
    python benchmarks/wbadge_speed.py large

FOLDER holds clones: small-text/ (webis-de/small-text) and distil/ (decile-team/distil),
of which the k-means++ seeding runs as it is, on the rows we built. Data are random:
lengths log-normal, tags sure at most tokens and unsure at some, as a trained model's.
One row a case goes to benchmarks/results/wbadge_speed.jsonl.
"""

import ast
import importlib.util
import os
import platform
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from scipy import stats

from spacy_causal.acquisition.basket import Basket
from spacy_causal.acquisition.gradients import (
    CountSketch,
    DenseGradients,
    embed_batch,
    label_errors,
)
from spacy_causal.acquisition.seeding import seed_centres
from spacy_causal.experiments.results import Results
from spacy_causal.numeric import softmax
from spacy_causal.types import Budget

RESULTS = Results(Path(__file__).parent / "results" / "wbadge_speed.jsonl")
RUN = time.strftime("%Y-%m-%dT%H:%M:%S")
ROWS_AT_ONCE = 16
app = typer.Typer(add_completion=False)


@app.command()
def peers(
    peers: Annotated[Path | None, typer.Option(help="Folder with the clones")] = None,
    n: int = 14_041,
    tags: int = 9,
    width: int = 384,
    picks: int = 100,
    seed: int = 0,
) -> None:
    """Exact rows and a sketch beside small-text and distil on the same rows."""
    pool = Tokens(tags, width, seed)
    lengths = pool.lengths(n)
    rows, build = timed(lambda: np.vstack([*pool.rows(lengths)]))
    sketched, build_sketch = timed(lambda: sketch_pool(pool, lengths, 1024, seed))
    _, exact = timed(lambda: pick(rows, picks, seed))
    _, sketch = timed(lambda: pick(sketched, picks, seed))
    seconds = {
        "build": build,
        "exact": exact,
        "build_sketch": build_sketch,
        "sketch": sketch,
    }
    if peers is not None:
        seconds |= {
            "small_text": timed(lambda: small_text(peers, rows, picks))[1],
            "distil": timed(lambda: distil(peers, rows, picks))[1],
        }
    seconds["exact again"] = timed(lambda: pick(rows, picks, seed))[1]
    record({"n": n, "tags": tags, "width": width, "picks": picks}, seconds)


@app.command()
def large(
    n: int = 127_600, tags: int = 67, width: int = 768, picks: int = 100, seed: int = 0
) -> None:
    """A sketch of what does not fit: built, selected on, beside one read of it."""
    pool = Tokens(tags, width, seed)
    lengths = pool.lengths(n)
    sketch, build = timed(lambda: sketch_pool(pool, lengths, 1024, seed))
    first = min(timed(lambda: pick(sketch, 1, seed))[1] for _ in range(2))
    _, select = timed(lambda: pick(sketch, picks, seed))
    read = min(timed(lambda: torch.from_numpy(sketch).sum())[1] for _ in range(5))
    per_centre = (select - first) / (picks - 1)
    record(
        {"n": n, "tags": tags, "width": width, "picks": picks},
        {
            "build_sketch": build,
            "sketch": select,
            "ms a centre": 1000 * per_centre,
            "ms a read": 1000 * read,
            "centre / read": per_centre / read,
            "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            "rows would take GB": n * tags * width * 4 / 1e9,
        },
    )


class Tokens:
    """A bank of tokens that documents are runs of: drawing them anew would be timed."""

    def __init__(self, tags: int, width: int, seed: int, n: int = 20_000):
        self.rng = np.random.default_rng(seed)
        sureness = self.rng.gamma(2.0, 3.0, size=(n, 1))
        logits = (sureness * self.rng.normal(size=(n, tags))).astype(np.float32)
        self.errors = label_errors(softmax(logits))
        self.hidden = self.rng.normal(size=(n, width)).astype(np.float32)

    def lengths(self, n: int) -> np.ndarray:
        """Lengths with a mean near 14.5 (24 for the wide one) and a long tail."""
        mean = 24 if self.errors.shape[1] > 9 else 14.5
        drawn = self.rng.lognormal(np.log(mean) - 0.32, 0.8, size=n)
        return np.clip(drawn.astype(int), 1, 120)

    def rows(self, lengths: np.ndarray):
        """The gradient embeddings of documents, some at a time."""
        free = len(self.errors) - 121 * ROWS_AT_ONCE
        for at in range(0, len(lengths), ROWS_AT_ONCE):
            part = lengths[at : at + ROWS_AT_ONCE]
            start = 7919 * at % free
            tokens = slice(start, start + part.sum())
            yield embed_batch(self.errors[tokens], self.hidden[tokens], part)


def sketch_pool(pool: Tokens, lengths: np.ndarray, width: int, seed: int) -> np.ndarray:
    n_columns = pool.errors.shape[1] * pool.hidden.shape[1]
    sketch = CountSketch.draw(n_columns, width, np.random.default_rng(seed))
    rows = np.empty((len(lengths), width), dtype=np.float32)
    at = 0
    for part in pool.rows(lengths):
        rows[at : at + len(part)] = sketch(part)
        at += len(part)
    return rows


def pick(rows: np.ndarray, n: int, seed: int) -> list[int]:
    basket = Basket(np.ones(len(rows), dtype=int), Budget(n))
    gradients = DenseGradients.of_rows(rows)
    seed_centres(gradients, np.ones(len(rows)), basket, np.random.default_rng(seed))
    return basket.chosen


def small_text(folder: Path, rows: np.ndarray, n: int) -> Any:
    """What its BADGE calls, with the norms that it gives."""
    path = folder / "small-text/small_text/utils/clustering.py"
    spec = importlib.util.spec_from_file_location("small_text_clustering", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    norms = np.linalg.norm(rows, axis=1)
    state = np.random.RandomState(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return module.init_kmeans_plusplus_safe(
            rows, n, x_squared_norms=norms, random_state=state
        )


def distil(folder: Path, rows: np.ndarray, n: int) -> Any:
    """The seeding function of its BADGE, without the package around it."""
    path = folder / "distil/distil/active_learning_strategies/badge.py"
    tree = ast.parse(path.read_text())
    tree.body = [x for x in tree.body if getattr(x, "name", "") == "init_centers"]
    names: dict[str, Any] = {"np": np, "torch": torch, "nn": torch.nn, "stats": stats}
    exec(compile(tree, str(path), "exec"), names)
    return names["init_centers"](rows, n, "cpu")


def timed(do: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    done = do()
    return done, time.perf_counter() - started


def record(case: dict[str, Any], outcome: dict[str, float]) -> None:
    found = {name: round(value, 3) for name, value in outcome.items()}
    load = round(os.getloadavg()[0], 2)
    processor = platform.processor() or platform.machine()
    RESULTS.append(
        {"run": RUN, **case},
        found | {"load": load, "threads": torch.get_num_threads(), "cpu": processor},
    )
    for name, value in found.items():
        print(f"{name:>20} {value:10.3f}")
    print(f"{'load average':>20} {load:10.2f}")


if __name__ == "__main__":
    app()
