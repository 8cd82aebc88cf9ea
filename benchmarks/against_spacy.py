"""`causal_ner` against spaCy's `ner`, `causal_tagger` against `tagger`: same encoder,
same steps, scored on dev.

    python benchmarks/against_spacy.py --task ner --encoder cnn
    python benchmarks/against_spacy.py --task ner --encoder minilm --sentences 2000
    python benchmarks/against_spacy.py --task pos --encoder cnn
    python benchmarks/against_spacy.py --table

Rows go to benchmarks/results/against_spacy.jsonl; finished cells are not run again.
"""

import itertools
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import spacy
import typer
from corpora import find_corpus, read_corpus
from encoders import BATCH, NER_MODEL, encoder_of
from spacy.tokens import Doc
from spacy.util import load_config

from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import evaluate, train
from spacy_causal.pipeline import causal_tagger

ROOT = Path(__file__).parents[1]
INTERVENTION = ("rate", "substitute", "other_rate")
RESULTS = Results(ROOT / "benchmarks" / "results" / "against_spacy.jsonl")
LINEAR = {"@architectures": "spacy-causal.LinearTagger.v1"}
EWT = "ud_english_ewt/en_ewt-ud"
FILES = {
    "ner": ("conll2003/eng.train", "conll2003/eng.testa"),
    "pos": (f"{EWT}-train.conllu", f"{EWT}-dev.conllu"),
}


def main(
    task: str = "ner",
    encoder: str = "cnn",
    arms: str = "spacy,plain,default",
    seeds: str = "0,1,2",
    sentences: int = 0,
    steps: int = 1000,
    table: bool = False,
) -> None:
    """Run the cells that are not done yet, or print the table."""
    if table:
        return print_table()
    grid = itertools.product(map(int, seeds.split(",")), arms.split(","))
    cells = (
        {
            "task": task,
            "encoder": encoder,
            "arm": arm,
            "seed": seed,
            "sentences": sentences,
            "steps": steps,
            "settings": settings(task, arm, encoder),
        }
        for seed, arm in grid
    )
    for cell, outcome in RESULTS.run(cells, run_cell):
        print(task, encoder, cell["arm"], cell["seed"], outcome, flush=True)
    return None


def settings(task: str, arm: str, encoder: str) -> dict[str, Any]:
    """The component of an arm, and what its encoder reads in training (nothing but
    the text where it does not say)."""
    if arm == "default" and task == "ner":
        return project_settings(encoder)
    return {
        ("ner", "spacy"): {"factory": "ner", "model": NER_MODEL},
        ("ner", "plain"): {"factory": "causal_ner", "model": LINEAR},
        ("pos", "spacy"): {"factory": "tagger", "model": {}},
        ("pos", "plain"): {"factory": "causal_tagger", "model": LINEAR},
        ("pos", "default"): {"factory": "causal_tagger", **causal_tagger.DEFAULTS},
    }[task, arm]


def project_settings(encoder: str) -> dict[str, Any]:
    """What the project's config for an encoder says, the encoder itself left out."""
    name, shared = {
        "cnn": ("cnn", "tok2vec"),
        "minilm": ("transformer", "transformer"),
    }[encoder]
    config = load_config(ROOT / "configs" / f"{name}.cfg")["components"]
    reads = {key: config[shared]["model"][key] for key in INTERVENTION}
    # The package's weights are BERT's, and so is the mask.
    return config["causal_ner"] | {"reads": reads | {"mask": "[MASK]"}}


def run_cell(cell: dict[str, Any]) -> dict[str, float]:
    """Train on train, score on dev."""
    nlp = spacy.blank("en")
    config = dict(cell["settings"])
    factory = config.pop("factory")
    reads = config.pop("reads", {"rate": 0.0})
    tok2vec, optimizer = encoder_of(
        nlp, cell["encoder"], reads, seed=cell["seed"], steps=cell["steps"]
    )
    nlp.add_pipe(factory, config=config | {"model": config["model"] | tok2vec})
    training, dev = (read(find_corpus(name), nlp) for name in FILES[cell["task"]])
    train(
        nlp,
        training[: cell["sentences"] or None],
        steps=cell["steps"],
        batch_size=BATCH[cell["encoder"]],
        seed=cell["seed"],
        optimizer=optimizer,
    )
    key = {"ner": "ents_f", "pos": "tag_acc"}[cell["task"]]
    return {key: round(evaluate(nlp, dev)[key], 4)}


def read(path: Path, nlp: spacy.Language) -> list[Doc]:
    """The annotated Docs of a corpus file, UPOS as their tags where it is given."""
    own = read_corpus(path, nlp.vocab)
    for token in (token for doc in own for token in doc if token.pos):
        token.tag_ = token.pos_
    return own


def print_table() -> None:
    """Mean ± sd over seeds, one line a task, encoder and arm."""
    groups: dict[tuple, list[float]] = {}
    for row in RESULTS.rows():
        key = (row["task"], row["encoder"], row["sentences"], row["steps"], row["arm"])
        groups.setdefault(key, []).append(row.get("ents_f", row.get("tag_acc")))
    for key, values in sorted(groups.items()):
        sd = stdev(values) if len(values) > 1 else 0.0
        print(*key, len(values), f"{mean(values):.4f} ± {sd:.4f}", sep="  ")


if __name__ == "__main__":
    typer.run(main)
