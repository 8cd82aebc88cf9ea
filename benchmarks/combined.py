"""Everything together: F1 by words annotated, for each method alone, for all of them,
and for all but one, from the same seed set.

    python benchmarks/combined.py --data conll2003 --seeds 5
    python benchmarks/combined.py --data atis --encoder cnn --arms plain,linear,combined
    python benchmarks/combined.py --split test --seeds 5 --encoder bilstm

The pool is a draw of the training sentences, another one for each seed. In every arm,
whole sentences with a share of its words are annotated to begin with; then, round by
round, words are bought and a model is trained from scratch, for the same number of
updates in every arm. In the arms that ask, a bought sentence is not annotated: a
simulated user who is always right answers "it is X" or "none of these" about K = 3
types. That is about every token, as in CITISL; or about predicted mentions and
near-misses ("mentions"), where what nobody was asked about stays missing; or about the
tokens of which the model is not sure ("unsure tokens"), where the others are learnt as
the model finds them. There each word asked about costs one; otherwise a sentence
costs its words. After "none of these" the type is picked from the list of all types,
except in "K only", which is CITISL's form. The answers become token targets, on which
all the other parts work.

Rows go to benchmarks/results/combined.jsonl, one for each round; a finished run is not
run again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
import typer
from active_data import COMPONENT
from combined_data import DROPOUT, VECTORS, Corpus, load
from combined_methods import USUAL, Arm, arm_of
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm

from spacy_causal.acquisition.named import describe_strategy, make_strategy
from spacy_causal.experiments.active import (
    Course,
    Fit,
    Key,
    Round,
    first_share,
    run_rounds,
    train_on,
)
from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.asking import Asking
from spacy_causal.experiments.results import Results, cell_key
from spacy_causal.types import Budget

ROWS = Path(__file__).parent / "results" / "combined.jsonl"
INITIAL, BATCH, STEPS = 0.02, 0.03, 300
Begun = dict[tuple, tuple[Language, int]]


def main(
    data: str = "conll2003",
    encoder: str = "frozen",
    split: str = "dev",
    arms: str = ",".join(USUAL),
    seeds: int = 5,
    first_seed: int = 0,
    pool: int = 2500,
    rounds: int = 6,
    batch: float = BATCH,
    steps: int = STEPS,
    rows: Path = ROWS,
    gpu_id: int = -1,
) -> None:
    """Run what no rows are there for.

    seeds (int): How many, from the first one on.
    pool (int): Sentences to buy from; 0 is the whole training part.
    batch (float): Words a round, below 1 as a share of the pool's; 2 % are there to
        begin with.
    steps (int): Updates, in every arm and round but on the whole pool.
    gpu_id (int): The GPU to run on; -1 is the CPU.
    """
    if encoder not in DROPOUT:
        raise typer.BadParameter(f"--encoder is one of {', '.join(DROPOUT)}.")
    if not 0 < batch < 1 and not (batch >= 1 and batch == int(batch)):
        raise typer.BadParameter("--batch is a number of words, or a share below 1.")
    names = arms.split(",")
    try:
        for name in names:
            arm_of(name, encoder)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    corpus, results = load(data, encoder, split), Results(rows)
    numbers = range(first_seed, first_seed + seeds)
    grid = [(seed, name) for seed in numbers for name in names]
    begun: Begun = {}
    for seed, name in tqdm(grid, disable=None):
        common = {"data": data, "encoder": encoder, "split": split, "pool": pool}
        common |= {
            "initial": INITIAL,
            "batch": int(batch) if batch >= 1 else batch,
            "steps": steps,
        }
        run(corpus, common, name, seed, rounds, results, begun)


def run(
    corpus: Corpus,
    common: dict[str, Any],
    name: str,
    seed: int,
    rounds: int,
    results: Results,
    begun: Begun,
) -> None:
    """One arm with one seed, from the seed set to the last round.

    common (dict): What its cells have in common with those of the other arms.
    begun (dict): First models of a seed; arms that learn alike share them.
    """
    arm, everything = arm_of(name, corpus.encoder), name == ALL
    cells = [
        {**common, "arm": name, **settings_of(arm), "seed": seed, "round": number}
        for number in range(1 if everything else rounds + 1)
    ]
    done = {row["key"]: row for row in results.rows()}
    found = [done.get(cell_key(cell)) for cell in cells]
    if all(found) or any(row and row.get("left") == 0 for row in found):
        return
    VECTORS.made.clear()
    pool = corpus.pool(common["pool"], seed)
    n_words = sum(map(len, pool.values()))
    batch = common["batch"]
    ask = arm.ask(COMPONENT)
    course = Course(
        pool=pool,
        fit=create_fit(corpus, arm, None if everything else common["steps"]),
        score=corpus.score,
        look=corpus.look(arm),
        rounds=0 if everything else rounds,
        budget=Budget(round(batch * n_words) if batch < 1 else batch, "words"),
        augment=arm.augment(COMPONENT, list(pool.values())),
        ask=ask,
    )
    share = first_share(pool, common["initial"], default_rng(seed))
    initial = list(pool) if everything else share
    first = None if everything else begin(course, arm, initial, seed, begun)
    strategy = make_strategy(arm.strategy)
    for found in run_rounds(course, strategy, initial, seed, first=first):
        cell = cells[found.number]
        row = outcome(found, ask, len(initial), n_words)
        if cell_key(cell) not in done:
            results.append(cell, row)
        print(name, seed, found.number, found.words, found.score, found.fit_seconds,
              found.pick_seconds, found.ask_seconds, flush=True)  # fmt: skip


def begin(
    course: Course, arm: Arm, initial: list[str], seed: int, begun: Begun
) -> tuple[Language, int]:
    """The model of the seed set, trained once for all arms that learn alike."""
    for old in [key for key in begun if key[0] != seed]:
        del begun[old]
    key = seed, arm.head, arm.hidden, arm.which, arm.augments, arm.self_taught
    if key not in begun:
        begun[key] = train_on(course, initial, (seed, 0))
    return begun[key]


def settings_of(arm: Arm) -> dict[str, Any]:
    """What an arm is made of, its strategy with the defaults that it has now."""
    return {
        "parts": {
            "acquire": {"name": arm.strategy, **describe_strategy(arm.strategy)},
            "asks": asks_of(arm),
            "augments": augments_of(arm),
            "hidden": hidden_of(arm),
            "head": arm.head,
        }
    }


def asks_of(arm: Arm) -> str | dict[str, Any]:
    """What is asked about, with what is not the plainest way of it."""
    more = {"explore": arm.explore, "follow_up": arm.follow_up}
    if arm.sure < 1:
        more |= {"sure": arm.sure, "unfilled": not arm.fill}
    chosen = {name: value for name, value in more.items() if value}
    return {"unit": arm.asks, **chosen} if chosen else arm.asks


def augments_of(arm: Arm) -> list[str]:
    """What is added to the sentences."""
    more = [f"self-taught: {arm.self_taught}"] if arm.self_taught else []
    return [*arm.augments, *more]


def hidden_of(arm: Arm) -> float | dict[str, Any]:
    """How much mixed tokens count, with what is not the plainest way of it."""
    if arm.which == "entities":
        return arm.hidden
    return {"weight": arm.hidden, "which": arm.which}


def create_fit(corpus: Corpus, arm: Arm, steps: int | None) -> Fit:
    """Training from scratch.

    steps (int | None): Updates; None is what the number of sentences makes usual.
    """

    def train(
        docs: Sequence[Doc], key: Key, before: Language | None = None
    ) -> Language:
        return corpus.fit(arm, docs, key, steps)

    return train


def outcome(
    found: Round, ask: Asking | None, n_initial: int, n_words: int
) -> dict[str, Any]:
    """What a row says of a round. Of the sentences until then so many were annotated
    whole and so many were asked about; the questions are those of the round."""
    asked = found.sentences - n_initial if ask is not None else 0
    return {
        "words": found.words,
        "share": round(found.words / n_words, 4),
        "words_read": found.words_read,
        "left": found.left,
        "sentences": found.sentences,
        "asked": asked,
        "questions": found.questions,
        "counted": ask.counted if ask is not None else 0,
        "shown": ask.shown if ask is not None else 0,
        "listed": ask.listed if ask is not None else 0,
        "generated": found.generated,
        "score": found.score,
        "fit_seconds": found.fit_seconds,
        "pick_seconds": found.pick_seconds,
        "ask_seconds": found.ask_seconds,
        "digest": found.digest,
    }


if __name__ == "__main__":
    typer.run(main)
