"""The W-BADGE paper's protocol: a small share of the words to begin with, as much again
each round, the model trained from scratch each time.

    python benchmarks/wbadge.py --data atis --split dev
    python benchmarks/wbadge.py --data conll2003 --model bilstm
    python benchmarks/wbadge.py --table

Rows go to benchmarks/results/wbadge.jsonl, one a round; a run that is there as a whole
is not run again. Strategies are chosen on dev; test is read once, by the chosen one and
its rivals.
"""

import itertools
from pathlib import Path
from typing import Any

import spacy
import typer
import wbadge_variants  # noqa: F401
from active_data import COMPONENT, DATA, MODELS, ActiveCorpus, load_active
from numpy.random import default_rng
from tqdm import tqdm

from spacy_causal.acquisition.named import make_strategy
from spacy_causal.experiments.active import Course, Round, first_share, run_rounds
from spacy_causal.experiments.active_curves import (
    ALL,
    HEADER,
    NEEDED,
    areas,
    curves_of,
    gain,
    needed_table,
)
from spacy_causal.experiments.active_curves import table as strategies_table
from spacy_causal.experiments.active_simulation import create_look, train_everything
from spacy_causal.experiments.paired import format_interval
from spacy_causal.experiments.results import Results, cell_key
from spacy_causal.specs import split_specs
from spacy_causal.types import Budget

ROWS = Path(__file__).parent / "results" / "wbadge.jsonl"
STRATEGIES = (
    *("random", "mnlp", "token_entropy", "bald", "coreset", "badge"),
    *(f"wbadge:weight={weight}" for weight in ("l2", "1", "1/l", "1/l2")),
)
# On ATIS up to a sixth of the words, since the paper's headline is about 15 % of them.
ROUNDS = {"conll2003": 5, "atis": 7, "fmtod": 5, "webpage": 4}


def main(
    data: str = "atis",
    model: str = "frozen",
    strategies: str = ",".join((*STRATEGIES, ALL)),
    seeds: str = "0,1,2,3,4",
    rounds: int = 0,
    split: str = "dev",
    rows: Path = ROWS,
    gpu_id: int = -1,
    if_there: bool = False,
    table: bool = False,
) -> None:
    """Run what no rows are there for, or print the tables.

    model (str): One of `active_data.MODELS`.
    gpu_id (int): The GPU to run on; -1 is the CPU.
    if_there (bool): A corpus that is not at hand is passed over.
    """
    if model not in MODELS:
        raise typer.BadParameter(f"Unknown model {model!r}: {', '.join(MODELS)}.")
    results = Results(rows)
    if table:
        return print_tables(results.rows())
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    try:
        corpus = load_active(data, model, split)
    except FileNotFoundError as error:
        if not if_there:
            raise
        return print(f"Passed over: {error}")
    grid = itertools.product(map(int, seeds.split(",")), split_specs(strategies))
    for seed, strategy in tqdm(list(grid), disable=None):
        run(corpus, split, strategy, seed, rounds or ROUNDS[data], results)
    return None


def run(
    corpus: ActiveCorpus,
    split: str,
    strategy: str,
    seed: int,
    rounds: int,
    results: Results,
) -> None:
    """One strategy with one seed, from the initial share to the last round."""
    share = DATA[corpus.name]["initial"]
    cells = [
        {
            "data": corpus.name,
            "split": split,
            "model": corpus.model,
            "initial": share,
            "strategy": strategy,
            "seed": seed,
            "round": number,
        }
        for number in range(1 if strategy == ALL else rounds + 1)
    ]
    done = results.done()
    if all(cell_key(cell) in done for cell in cells):
        return
    n_words = sum(map(len, corpus.pool.values()))
    course = Course(
        pool=corpus.pool,
        fit=corpus.fit,
        score=corpus.score,
        look=create_look(COMPONENT),
        rounds=rounds,
        budget=Budget(round(share * n_words), "words"),
    )
    if strategy == ALL:
        found = iter([train_everything(course, seed)])
    else:
        initial = first_share(corpus.pool, share, default_rng(seed))
        found = run_rounds(course, make_strategy(strategy), initial, seed)
    for each in found:
        cell = cells[each.number]
        if cell_key(cell) not in done:
            results.append(cell, outcome(each, corpus, n_words))
        brief = [corpus.name, corpus.model, split, strategy, seed, each.number]
        print(*brief, each.words, each.score, each.fit_seconds, each.pick_seconds,
              flush=True)  # fmt: skip


def outcome(found: Round, corpus: ActiveCorpus, n_words: int) -> dict[str, Any]:
    """What a row says of a round; of its picks, what tells them from others."""
    return {
        "words": found.words,
        "share": round(found.words / n_words, 4),
        "sentences": found.sentences,
        "mean_length": found.mean_length,
        "score": found.score,
        "fit_seconds": found.fit_seconds,
        "pick_seconds": found.pick_seconds,
        "digest": found.digest,
        "labels": len(corpus.labels),
    }


def print_tables(rows: list[dict[str, Any]]) -> None:
    """A table for each corpus, model and split."""
    groups = dict.fromkeys((row["data"], row["model"], row["split"]) for row in rows)
    for group in groups:
        own = [r for r in rows if (r["data"], r["model"], r["split"]) == group]
        print("\n##", *group)
        for header, lines in (
            (HEADER, strategies_table(own)),
            (NEEDED, needed_table(own)),
        ):
            print()
            for line in (header, ["---"] * len(header), *lines):
                print("|", " | ".join(line), "|")
        found = areas(curves_of(own))
        best, *others = (name for name, *_ in strategies_table(own))
        for other in (name for name in others if name in found):
            ahead = format_interval(gain(found, best, other))
            print(f"\n{best} is ahead of {other} by {ahead}")


if __name__ == "__main__":
    typer.run(main)
