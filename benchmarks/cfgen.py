"""CFGen's protocol: taggers trained on N sentences, with and without entity swaps.

    python benchmarks/cfgen.py --data cluener --encoder bilstm
    python benchmarks/cfgen.py --data conll2003 --encoder minilm --bfloat16 --sizes 100
    python benchmarks/cfgen.py --data cluener --encoder bert-base-chinese --gpu-id 0
    python benchmarks/cfgen.py --table

Each arm is scored twice: after a fixed number of passes over what it trains on, as the
paper does, and at its best checkpoint on a third of dev. Rows go to
benchmarks/results/cfgen.jsonl; finished cells are not run again.
"""

import itertools
import time
from collections import Counter
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import spacy
import typer
from cfgen_data import Corpus, load
from cfgen_methods import METHODS
from cfgen_models import examples_of, initialised, settings_of
from encoders import use_bfloat16
from numpy.random import default_rng
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.bank import collect_entities, merge_banks
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.discriminator import discriminate
from spacy_causal.augment.likeness import with_vectors
from spacy_causal.augment.outside import find_entities
from spacy_causal.effects.forms import seen_forms
from spacy_causal.experiments.cfgen_scores import full_scores, relaxed_f1
from spacy_causal.experiments.cfgen_training import (
    Mix,
    Watched,
    batches_of,
    set_weights,
    steps_of,
    train_watched,
)
from spacy_causal.experiments.results import Results

ROWS = Path(__file__).parent / "results" / "cfgen.jsonl"
ARMS = "NoAug;Aug;NoAug, as many steps;ours"


def main(
    data: str = "cluener",
    encoder: Annotated[
        str, typer.Option(help="bilstm, cnn, minilm, or a transformer's name or path.")
    ] = "bilstm",
    methods: Annotated[str, typer.Option(help="Separated by semicolons.")] = ARMS,
    sizes: str = "100,200,300,400,500",
    seeds: str = "0,1,2",
    split: str = "test",
    gpu_id: Annotated[int, typer.Option(help="-1 is the CPU.")] = -1,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="MiniLM is trained in half precision.")
    ] = False,
    rows: Path = ROWS,
    table: bool = False,
) -> None:
    """Run the cells that are not done yet, or print the tables."""
    results = Results(rows)
    if table:
        from cfgen_table import print_tables

        return print_tables(results.rows())
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    if bfloat16:
        use_bfloat16()
    unknown = [name for name in methods.split(";") if name not in METHODS]
    if unknown:
        raise typer.BadParameter(f"no method {unknown}; there are {'; '.join(METHODS)}")
    try:
        corpus = load(data, split)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    grid = itertools.product(
        map(int, seeds.split(",")), map(int, sizes.split(",")), methods.split(";")
    )
    cells = (
        {
            "data": data,
            "split": split,
            "encoder": encoder,
            "training": settings_of(encoder),
            "sentences": n,
            "method": name,
            "settings": METHODS[name],
            "seed": seed,
            **({"precision": "bfloat16"} if bfloat16 else {}),
        }
        for seed, n, name in grid
    )
    for cell, row in results.run(cells, partial(run_cell, corpus=corpus)):
        ends = [row[end] and row[end]["relaxed"] for end in ("fixed", "best")]
        told = [data, split, cell["sentences"], cell["method"], cell["seed"], *ends]
        print(*told, row["swaps"].get("kept"), row["seconds"], flush=True)
    return None


class Arm(NamedTuple):
    """A trained arm.

    nlp (Language): The pipeline, with the weights of no checkpoint in particular.
    """

    nlp: spacy.Language
    watched: Watched
    swaps: dict[str, int]


class Basis(NamedTuple):
    """What all arms of a comparison share."""

    encoder: str
    n: int
    seed: int


def run_cell(cell: dict[str, Any], corpus: Corpus) -> dict[str, Any]:
    """Train an arm, score it at the fixed number of steps and at its best."""
    basis = Basis(cell["encoder"], cell["sentences"], cell["seed"])
    settings = cell["settings"]
    if not settings:
        arm = without_swaps(basis, corpus)
    elif "steps_of" in settings:
        arm = as_many_steps(basis, corpus, METHODS[settings["steps_of"]])
    else:
        arm = with_swaps(basis, corpus, settings)
    docs, _ = corpus.draw(basis.n, basis.seed)
    forms = seen_forms(docs)
    ends: dict[str, Any] = {}
    for name, end in (("fixed", arm.watched.fixed), ("best", arm.watched.best)):
        ends[name] = ends[f"{name}_step"] = None
        if end is not None:
            nlp = set_weights(arm.nlp, end.weights)
            ends[name] = full_scores(nlp, corpus.scored, forms)
            ends[f"{name}_step"] = end.step
    curve = [[step, round(value, 4)] for step, value in arm.watched.curve]
    return {**ends, "curve": curve, "swaps": arm.swaps}


@lru_cache(maxsize=1)
def without_swaps(basis: Basis, corpus: Corpus) -> Arm:
    """The arm that all others of a comparison need: trained on the sentences alone."""
    docs, _ = corpus.draw(basis.n, basis.seed)
    return fit(basis, corpus, examples_of(docs), [], Mix(), {})


def as_many_steps(basis: Basis, corpus: Corpus, settings: dict[str, Any]) -> Arm:
    """The sentences alone, for as many steps as another arm makes of its passes."""
    made, _ = swapped_examples(basis, corpus, settings)
    docs, _ = corpus.draw(basis.n, basis.seed)
    how = settings_of(basis.encoder)
    mix = Mix(*settings["mix"])
    steps = steps_of(how["epochs"], basis.n, len(made), mix, how["batch"])
    return fit(basis, corpus, examples_of(docs), [], Mix(), {}, steps=steps)


def with_swaps(basis: Basis, corpus: Corpus, settings: dict[str, Any]) -> Arm:
    """The sentences and swaps of them."""
    made, said = swapped_examples(basis, corpus, settings)
    docs, _ = corpus.draw(basis.n, basis.seed)
    mix = Mix(*settings["mix"])
    return fit(basis, corpus, examples_of(docs), made, mix, said)


def swapped_examples(
    basis: Basis, corpus: Corpus, settings: dict[str, Any]
) -> tuple[list[Example], dict[str, int]]:
    """Swaps that were kept, and how many were made, kept and refused, and why."""
    started = time.perf_counter()
    docs, others = corpus.draw(basis.n, basis.seed)
    bank, screen = collect_entities(docs), None
    like = settings["swaps"].get("like")
    if settings["screen"] or settings["outside"] or like:
        arm = without_swaps(basis, corpus)
        assert arm.watched.best is not None
        nlp = set_weights(arm.nlp, arm.watched.best.weights)
        screen = partial(discriminate, nlp=nlp, bounds=tuple(settings["bounds"]))
        if settings["outside"]:
            texts = others[: settings["outside"]]
            bank = merge_banks(bank, find_entities(nlp, texts))
        if like:
            bank = with_vectors(bank, nlp)
    attempts = counterfactuals(
        spacy.blank(corpus.lang, vocab=corpus.vocab),
        examples_of(docs),
        bank,
        SwapSettings(**settings["swaps"]),
        default_rng([basis.seed, 1]),
        screen=screen if settings["screen"] else None,
    )
    said: Counter[str] = Counter()
    kept: list[Example] = []
    for attempt in attempts:
        said[attempt.verdict.reason] += 1
        if attempt.example is not None and attempt.verdict.kept:
            kept.append(attempt.example)
    said["donors"] = sum(map(len, bank.donors.values()))
    said["seconds"] = round(time.perf_counter() - started)
    return kept, dict(said)


def fit(
    basis: Basis,
    corpus: Corpus,
    clean: list[Example],
    swapped: list[Example],
    mix: Mix,
    said: dict[str, int],
    *,
    steps: int | None = None,
) -> Arm:
    """Train from the first weights. The fixed passes end at the limit of steps, if not
    before.

    steps (int | None): Train for just so many and watch nothing.
    """
    how = settings_of(basis.encoder)
    docs: list[Doc] = [example.reference for example in clean]
    nlp, sgd = initialised(basis.encoder, corpus, docs, basis.seed)
    passes = steps_of(how["epochs"], len(clean), len(swapped), mix, how["batch"])
    watched = train_watched(
        nlp,
        batches_of(clean, swapped, mix, how["batch"], basis.seed),
        sgd=sgd,
        fixed=steps or min(passes, how["limit"]),
        watch=None if steps else partial(relaxed_f1, docs=corpus.watched),
        every=how["every"],
        patience=how["patience"],
        limit=how["limit"],
        dropout=how["dropout"],
    )
    return Arm(nlp, watched, said)


if __name__ == "__main__":
    typer.run(main)
