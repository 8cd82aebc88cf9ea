"""Does the head resist a context word that goes with a type in training only?

    python benchmarks/context_bias.py --split dev  --encoder cnn
    python benchmarks/context_bias.py --split test --encoder minilm
    python benchmarks/context_bias.py --table

A word is put before 90 % of one type's mentions and 10 % of the others' in CoNLL-2003
training sentences. "in" is text made alike, "repaired" text in which the word stands
before another type instead, "untouched" text without it; "clean" trains without it.
Rows go to benchmarks/results/context_bias.jsonl; finished cells are not run again.
"""

import itertools
from pathlib import Path
from statistics import mean, stdev
from typing import Annotated, Any

import spacy
import typer
from corpora import CORPORA, read_corpus
from encoders import BATCH, encoder_of
from numpy.random import default_rng
from scipy.stats import t
from spacy.tokens import Doc

from spacy_causal.experiments.injection import inject_cue
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import evaluate, train

BASELINE = "plain, biluo"
RESULTS = Path(__file__).parent / "results" / "context_bias.jsonl"
STEPS = {"cnn": 400, "minilm": 150}
SIZE = {"cnn": 2000, "minilm": 600}
CUES = {
    "national": ("ORG", "LOC"),
    "famous": ("PER", "ORG"),
    "local": ("LOC", "PER"),
    "official": ("ORG", "LOC"),
    "young": ("PER", "ORG"),
    "nearby": ("LOC", "PER"),
}

LINEAR = {"@architectures": "spacy-causal.LinearTagger.v1"}
PAPER = {
    "@architectures": "spacy-causal.DeconfoundedTagger.v1",
    "adjustment": "approximate",
    "scale": False,
}
SCALED = PAPER | {"scale": True}
EXACT = PAPER | {"adjustment": "exact"}
FREQUENT = {"@misc": "spacy-causal.frequent_confounders.v1"}
ASSOCIATED = {
    "@misc": "spacy-causal.associated_confounders.v1",
    "saturation": 0.05,
    "min_divergence": -1.0,
}
STRONG = ASSOCIATED | {"saturation": 0.15}
FLAT = ASSOCIATED | {"saturation": 1e-9, "min_divergence": 0.2}
CHOSEN = ASSOCIATED | {"min_divergence": 0.2}


def arm(
    model: dict,
    rate: float = 0.0,
    words: dict = FREQUENT,
    scheme: str = "bio",
    **intervention: Any,
) -> dict:
    """One way of training: a head, confounders, and an intervention on them."""
    return {
        "model": model,
        "words": words,
        "scheme": scheme,
        "rate": rate,
        "intervention": intervention,
    }


ARMS = {
    "plain": arm(LINEAR),
    "paper": arm(PAPER),
    "paper, scaled by Z": arm(SCALED),
    "exact": arm(EXACT),
    "plain + mask 0.5 of frequent": arm(LINEAR, 0.5, FREQUENT),
    "plain + mask 0.5": arm(LINEAR, 0.5, ASSOCIATED),
    "plain + swap 0.5": arm(LINEAR, 0.5, ASSOCIATED, substitute="confounder"),
    "plain + mask 0.5, flat": arm(LINEAR, 0.5, ASSOCIATED | {"saturation": 1e-9}),
    "plain + mask 0.5, inside": arm(LINEAR, 0.5, ASSOCIATED | {"inside": True}),
    "plain + mask 0.8": arm(LINEAR, 0.8, ASSOCIATED),
    "paper, associated": arm(PAPER, 0.0, ASSOCIATED),
    "paper + mask 0.5": arm(PAPER, 0.5, ASSOCIATED),
    "scaled + mask 0.5": arm(SCALED, 0.5, ASSOCIATED),
    "scaled + mask 0.8": arm(SCALED, 0.8, ASSOCIATED),
    "exact + mask 0.5": arm(EXACT, 0.5, ASSOCIATED),
    "exact + mask 0.8": arm(EXACT, 0.8, ASSOCIATED),
    "plain, biluo": arm(LINEAR, scheme="biluo"),
    "plain + mask 0.8, 0.15": arm(LINEAR, 0.8, STRONG),
    "paper + mask 0.8, 0.15": arm(PAPER, 0.8, STRONG),
    "exact + mask 0.8, 0.15": arm(EXACT, 0.8, STRONG),
    "exact, biluo": arm(EXACT, scheme="biluo"),
    "paper, biluo": arm(PAPER, scheme="biluo"),
    "plain, biluo + mask 0.5": arm(LINEAR, 0.5, ASSOCIATED, "biluo"),
    "paper, biluo + mask 0.5": arm(PAPER, 0.5, ASSOCIATED, "biluo"),
    "exact, biluo + mask 0.5": arm(EXACT, 0.5, ASSOCIATED, "biluo"),
    "exact, biluo + mask 0.5, 0.15": arm(EXACT, 0.5, STRONG, "biluo"),
    "plain, biluo + mask 0.5, 0.15 + 0.1": arm(
        LINEAR, 0.5, STRONG, "biluo", other_rate=0.1
    ),
    "paper, biluo + mask 0.5, 0.15 + 0.1": arm(
        PAPER, 0.5, STRONG, "biluo", other_rate=0.1
    ),
    "exact, biluo + mask 0.5, 0.15 + 0.1": arm(
        EXACT, 0.5, STRONG, "biluo", other_rate=0.1
    ),
    "exact, biluo + mask 0.8, 0.15 + 0.1": arm(
        EXACT, 0.8, STRONG, "biluo", other_rate=0.1
    ),
    "plain, biluo + mask any 0.1": arm(LINEAR, 0.1, FREQUENT, "biluo", other_rate=0.1),
    "paper, biluo + mask 0.5, 0.15": arm(PAPER, 0.5, STRONG, "biluo"),
    "plain, biluo + mask 0.3, 0.15": arm(LINEAR, 0.3, STRONG, "biluo"),
    "plain, biluo + swap 0.3, 0.15": arm(
        LINEAR, 0.3, STRONG, "biluo", substitute="confounder"
    ),
    "exact, biluo + swap 0.3, 0.15": arm(
        EXACT, 0.3, STRONG, "biluo", substitute="confounder"
    ),
    "exact, biluo + mask 0.3, 0.15": arm(EXACT, 0.3, STRONG, "biluo"),
    "plain, biluo + swap 0.15, 0.15": arm(
        LINEAR, 0.15, STRONG, "biluo", substitute="confounder"
    ),
    "exact, biluo + swap 0.15, 0.15": arm(
        EXACT, 0.15, STRONG, "biluo", substitute="confounder"
    ),
    "plain, biluo + swap 0.05, 0.15": arm(
        LINEAR, 0.05, STRONG, "biluo", substitute="confounder"
    ),
    "exact, biluo + swap 0.05, 0.15": arm(
        EXACT, 0.05, STRONG, "biluo", substitute="confounder"
    ),
    "paper, biluo + swap 0.05, 0.15": arm(
        PAPER, 0.05, STRONG, "biluo", substitute="confounder"
    ),
    "scaled, biluo + swap 0.05, 0.15": arm(
        SCALED, 0.05, STRONG, "biluo", substitute="confounder"
    ),
    "paper, biluo + swap 0.05, flat": arm(
        PAPER, 0.05, FLAT, "biluo", substitute="confounder"
    ),
    "paper, biluo + swap 0.1, 0.15": arm(
        PAPER, 0.1, STRONG, "biluo", substitute="confounder"
    ),
    "scaled, biluo + swap 0.3, 0.15": arm(
        SCALED, 0.3, STRONG, "biluo", substitute="confounder"
    ),
    "exact, biluo + mask 0.8, 0.15": arm(EXACT, 0.8, STRONG, "biluo"),
    "transformer.cfg": arm(EXACT, 0.3, CHOSEN | {"saturation": 0.1}, "biluo"),
    "plain, biluo + swap 0.03, 0.15": arm(
        LINEAR, 0.03, CHOSEN | {"saturation": 0.15}, "biluo", substitute="confounder"
    ),
    "plain, biluo + swap 0.05, 0.15 + 0.1": arm(
        LINEAR, 0.05, STRONG, "biluo", other_rate=0.1, substitute="confounder"
    ),
    "paper, biluo + swap 0.05, 0.15 + 0.1": arm(
        PAPER, 0.05, STRONG, "biluo", other_rate=0.1, substitute="confounder"
    ),
    "paper, biluo + swap 0.1, 0.15 + 0.1": arm(
        PAPER, 0.1, STRONG, "biluo", other_rate=0.1, substitute="confounder"
    ),
    "paper, biluo + swap 0.05, 0.15 + 0.05": arm(
        PAPER, 0.05, STRONG, "biluo", other_rate=0.05, substitute="confounder"
    ),
    "paper, biluo + swap 0.05, 0.15 + 0.02": arm(
        PAPER, 0.05, STRONG, "biluo", other_rate=0.02, substitute="confounder"
    ),
    "paper, biluo + swap 0.03, 0.15": arm(
        PAPER, 0.03, STRONG, "biluo", substitute="confounder"
    ),
    "default before": arm(
        PAPER, 0.05, CHOSEN | {"saturation": 0.15}, "biluo", substitute="confounder"
    ),
    "default": arm(
        PAPER,
        0.05,
        CHOSEN | {"saturation": 0.15},
        "biluo",
        substitute="confounder",
        other_rate=0.05,
    ),
}


def main(
    encoder: str = "cnn",
    split: str = "dev",
    arms: Annotated[str, typer.Option(help="Separated by semicolons")] = "",
    cues: str = "national,famous,local",
    seeds: str = "0,1,2",
    sentences: int = 1000,
    steps: int = 0,
    part: str = "first",
    rows: Path = RESULTS,
    table: bool = False,
) -> None:
    """Run the cells that are not done yet, or print the table.

    part (str): "first" trains on the first sentences and tests on the first; "fresh"
        trains on those after them and tests on what "first" has not read.
    """
    results = Results(rows)
    if table:
        return print_table(results)
    wanted = arms.split(";") if arms else list(ARMS)
    grid = itertools.product(map(int, seeds.split(",")), cues.split(","), wanted)
    cells = (
        {
            "encoder": encoder,
            "split": split,
            "arm": name,
            "settings": ARMS[name],
            "cue": cue,
            "seed": seed,
            "sentences": sentences,
            "steps": steps or STEPS[encoder],
        }
        | ({"part": part} if part != "first" else {})
        for seed, cue, name in grid
    )
    for cell, outcome in results.run(cells, run_cell):
        told = [cell[name] for name in ("encoder", "split", "arm", "cue", "seed")]
        print(*told, outcome, flush=True)
    return None


def run_cell(cell: dict[str, Any]) -> dict[str, float]:
    """Train on text with the cue, score on each kind of text."""
    nlp, optimizer = pipeline(cell)
    corpora = CORPORA / "conll2003"
    fresh, n = cell.get("part") == "fresh", cell["sentences"]
    training = read_conll(corpora / "eng.train", nlp.vocab)
    training = training[n : 2 * n] if fresh else training[:n]
    test_name = {"dev": "eng.testa", "test": "eng.testb"}[cell["split"]]
    size = SIZE[cell["encoder"]]
    test = read_conll(corpora / test_name, nlp.vocab)
    read = range(0, len(test), max(1, len(test) // size))[:size]
    test = [doc for i, doc in enumerate(test) if (i in read) != fresh]
    kinds = {"untouched": test}
    if cell["cue"] != "clean":
        label, other = CUES[cell["cue"]]
        training = injected(training, cell["cue"], label, seed=cell["seed"])
        kinds["in"] = injected(test, cell["cue"], label, seed=100)
        kinds["repaired"] = injected(test, cell["cue"], other, seed=100)
    train(
        nlp,
        training,
        steps=cell["steps"],
        batch_size=BATCH[cell["encoder"]],
        seed=cell["seed"],
        optimizer=optimizer,
    )
    return {
        kind: round(evaluate(nlp, docs)["ents_f"], 4) for kind, docs in kinds.items()
    }


def pipeline(cell: dict[str, Any]) -> tuple[spacy.Language, Any]:
    """A blank pipeline for a cell, and its optimizer."""
    nlp = spacy.blank("en")
    settings = cell["settings"]
    rates = {"rate": settings["rate"], **settings["intervention"]}
    tok2vec, optimizer = encoder_of(
        nlp, cell["encoder"], rates, seed=cell["seed"], steps=cell["steps"]
    )
    config = {
        "model": settings["model"] | tok2vec,
        "confounders": settings["words"],
        "scheme": settings["scheme"],
    }
    nlp.add_pipe("causal_ner", config=config)
    return nlp, optimizer


def injected(docs: list[Doc], cue: str, label: str, *, seed: int) -> list[Doc]:
    """The Docs with the cue before 90 % of a type's mentions, 10 % of the others'."""
    rng = default_rng(seed)
    return [
        inject_cue(doc, cue, label, rate=0.9, other_rate=0.1, rng=rng) for doc in docs
    ]


def read_conll(path: Path, vocab: spacy.Vocab) -> list[Doc]:
    """CoNLL-2003's sentences as Docs."""
    return read_corpus(path, vocab)


def print_table(results: Results) -> None:
    """Mean ± sd over cues and seeds a line; then each arm less the plain head, paired
    by cue and seed, with its 95 % interval (Student's t)."""
    groups: dict[tuple, list[dict]] = {}
    for row in results.rows():
        part = row.get("part", "first")
        key = (row["encoder"], row["split"], part, row["sentences"], row["steps"])
        groups.setdefault(key, []).append(row)
    for key, rows in sorted(groups.items()):
        print("\n", *key)
        arms = dict.fromkeys(row["arm"] for row in rows)
        plain = {(r["cue"], r["seed"]): r for r in rows if r["arm"] == BASELINE}
        for arm_ in arms:
            own = [row for row in rows if row["arm"] == arm_]
            pairs = [(r, plain.get((r["cue"], r["seed"]))) for r in own]
            cells = []
            for kind in ("in", "repaired", "untouched"):
                values = [100 * row[kind] for row in own]
                differences = [100 * (r[kind] - o[kind]) for r, o in pairs if o]
                cells.append(f"{kind} {spread(values)}")
                if arm_ != BASELINE and len(differences) > 1:
                    cells.append(f"({interval(differences)})")
            print(f"{arm_:34}", f"n={len(own)}", *cells, sep="  ")


def spread(values: list[float]) -> str:
    """Mean ± standard deviation."""
    return f"{mean(values):.1f} ± {stdev(values) if len(values) > 1 else 0:.1f}"


def interval(differences: list[float]) -> str:
    """Mean difference ± half its 95 % interval."""
    n = len(differences)
    half = t.ppf(0.975, n - 1) * stdev(differences) / n**0.5
    return f"{mean(differences):+.1f} ± {half:.1f}"


if __name__ == "__main__":
    typer.run(main)
