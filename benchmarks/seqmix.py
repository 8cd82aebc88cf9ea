"""SeqMix's protocol: active learning with mixed sequences, and two controls.

    python benchmarks/seqmix.py --policies random,token_entropy --arms "none;sub"
    python benchmarks/seqmix.py --encoder minilm --rounds 0 --policies random \\
        --arms "none;updates;sub;sub hard;hidden;hidden 0.5"
    python benchmarks/seqmix.py --data webpage --grid full --seeds 0,1
    python benchmarks/seqmix.py --table

700 sentences of CoNLL-2003 are the pool, another draw each seed: 200 to begin with,
100 more in each of five rounds (`--rounds 0`: none), ten epochs. Each row has the F1
after the last epoch and at the epoch that is best on dev; the arm `updates` trains
without mixed sequences, for as many updates as with them. An arm with `hard` trains on
the same sequences, annotated with the larger label; `hidden W` mixes the vectors of
entity tokens in the encoder's output, and has as many updates as `none`; seqmix_arms.py
has all. Webpage's training labels are noisy. `--split dev` scores the part of dev that
chooses no epoch.

The encoder is MiniLM's vectors with a layer of 128 maxout units trained on top
(frozen), a CNN trained from nothing, or MiniLM trained along.

Rows go to benchmarks/results/seqmix.jsonl; a run that is there is not run again. They
have `epochs` and `precision` where these are not the usual ones.
"""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import spacy
import typer
from active_data import COMPONENT, DATA, read_annotated
from citisl_data import VECTORS, key_of
from encoders import use_bfloat16
from features import add_features
from numpy.random import default_rng
from seqmix_arms import ARMS, SIZES, USUAL
from seqmix_table import print_tables
from seqmix_trial import TRAINING, Looked, Trial

from spacy_causal.acquisition.named import make_strategy
from spacy_causal.experiments.active import Course, run_rounds
from spacy_causal.experiments.active_simulation import create_look
from spacy_causal.experiments.results import Results, cell_key
from spacy_causal.types import Budget

ROWS = Path(__file__).parent / "results" / "seqmix.jsonl"
ROUNDS, EPOCHS, DEV = 5, 10, 1000
POLICIES = ("random", "least_confidence", "token_entropy", "vote_entropy")
# A corpus is read once, and each arm and seed gets its trial.
Load = Callable[[str, int], Trial]


def main(
    data: str = "conll2003",
    encoder: str = "frozen",
    policies: str = "random,token_entropy",
    arms: Annotated[
        str, typer.Option(help="Separated by semicolons.")
    ] = "none;updates;sub;constrained;screened",
    seeds: str = "0,1,2,3,4",
    rounds: int = ROUNDS,
    epochs: int = EPOCHS,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="MiniLM is trained in half precision.")
    ] = False,
    grid: str = "",
    split: Annotated[str, typer.Option(help="What is scored: test, or dev.")] = "test",
    rows: Path = ROWS,
    gpu_id: Annotated[int, typer.Option(help="-1 is the CPU.")] = -1,
    table: bool = False,
) -> None:
    """Run what no rows are there for, or print the tables."""
    results = Results(rows)
    if table:
        return print_tables(results.rows())
    if grid == "full":
        policies, arms = ",".join(POLICIES), ";".join(USUAL)
    unknown = [arm for arm in arms.split(";") if arm not in ARMS]
    if unknown:
        raise typer.BadParameter(f"no arm {unknown}; there are {'; '.join(ARMS)}")
    if split not in ("dev", "test"):
        raise typer.BadParameter(f"There is no split {split!r}: dev, test.")
    if encoder not in TRAINING:
        raise typer.BadParameter(f"Unknown encoder {encoder!r}: {', '.join(TRAINING)}.")
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    others: dict[str, Any] = {} if epochs == EPOCHS else {"epochs": epochs}
    if bfloat16 and encoder == "minilm":
        use_bfloat16()
        others["precision"] = "bfloat16"
    if split != "test":
        others["split"] = split
    load = create_load(data, encoder, epochs, split)
    runs = itertools.product(
        map(int, seeds.split(",")), policies.split(","), arms.split(";")
    )
    for seed, policy, arm in runs:
        run = {"data": data, "encoder": encoder, **others, "policy": policy, "arm": arm}
        run_cells(load, [run | {"seed": seed, "round": n} for n in range(rounds + 1)],
                  results)  # fmt: skip
    return None


def create_load(data: str, encoder: str, epochs: int, split: str) -> Load:
    """Read a corpus once; each arm and seed gets its trial. For "dev", the part of dev
    that chooses no epoch is scored."""
    vocab, entry = spacy.blank("en").vocab, DATA[data]
    parts = [read_annotated(entry[n], vocab) for n in ("train", "dev", "test")]
    centre = spread = None
    if encoder == "frozen":
        parts = [add_features(docs) for docs in parts]
        sample = np.concatenate([doc.tensor for doc in parts[0][:2000]])
        centre, spread = sample.mean(axis=0), sample.std(axis=0)
        spread[spread < 1e-4] = 1
        for doc in itertools.chain(*parts):
            VECTORS[key_of(doc)] = ((doc.tensor - centre) / spread).astype("float16")
            doc.tensor = np.zeros((0,), dtype="float32")
    train, dev, test = parts
    scored = test if split == "test" else dev[DEV:]
    if not scored:
        raise typer.BadParameter(f"{data} has no dev text beside the first {DEV:,}.")
    looked: Looked = {}

    def load(arm: str, seed: int) -> Trial:
        drawn = default_rng([seed, 7]).permutation(len(train))[: SIZES[data]["pool"]]
        pool = {str(i): train[i] for i in drawn.tolist()}
        for key in [key for key in looked if key[0] != seed]:
            del looked[key]
        return Trial(
            data, encoder, arm, epochs, pool, dev[:DEV], scored, centre, spread, looked
        )

    return load


def run_cells(load: Load, cells: list[dict[str, Any]], results: Results) -> None:
    """One policy and arm with one seed, from the seed set through all rounds."""
    if all(cell_key(cell) in results.done() for cell in cells):
        return
    data, policy, arm, seed = (cells[0][x] for x in ("data", "policy", "arm", "seed"))
    trial, size = load(arm, seed), SIZES[data]
    course = Course(
        pool=trial.pool,
        fit=trial.fit,
        score=trial.score,
        look=create_look(COMPONENT),
        rounds=len(cells) - 1,
        budget=Budget(size["round"], "sentences"),
        augment=trial.augment(),
    )
    initial = list(trial.pool)[: size["first"]]
    for found in run_rounds(course, make_strategy(policy), initial, seed):
        outcome = {
            "sentences": found.sentences,
            "words": found.words,
            "score": found.score,
            "best": trial.best,
            "generated": found.generated,
            "fit_seconds": found.fit_seconds,
            "pick_seconds": found.pick_seconds,
            "digest": found.digest,
        }
        if cell_key(cells[found.number]) not in results.done():
            results.append(cells[found.number], outcome)
        print(*cells[found.number].values(), outcome, flush=True)


if __name__ == "__main__":
    typer.run(main)
