"""Makes the models and texts (CoNLL-2003) for the benchmarks of sessions.

    python benchmarks/session_models.py FOLDER

A share of the first training sentences is labelled to begin with, and the rest is asked
about. `cnn` is trained on the initial share just as `simulate-feedback` trains it; so
is `minilm`, with its transformer fine-tuned.
"""

from itertools import islice
from pathlib import Path
from typing import Any

import spacy
import typer
from corpora import CORPORA
from encoders import LISTENER, minilm
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.files import empty_docbin, write_docbin
from spacy_causal.corpus.records import Options
from spacy_causal.experiments.feedback_setup import FeedbackSetup
from spacy_causal.experiments.feedback_stage import set_stage
from spacy_causal.experiments.fitting import fit

COMPONENT = "causal_ner"
TRAIN, DEV, SEED = 2000, 1000, 0
TEXTS, INITIAL = 1000, 0.15


def main(
    folder: Path,
    texts: int = TEXTS,
    initial: float = INITIAL,
    minilm_steps: int = 100,
) -> None:
    """Write models and texts.

    texts (int): To be asked about.
    initial (float): Share of the training sentences that is labelled beforehand.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, part, n in (("train", "eng.train", TRAIN), ("dev", "eng.testa", DEV)):
        found = (doc for _, doc in read_docs(conll(part), Options(), Summary()))
        write(folder / f"{name}.spacy", islice(found, n))
    setup = setup_of(folder, texts, initial)
    stage = set_stage(setup, SEED)
    fit(stage.nlp, stage.component, stage.initial, key=(SEED,), steps=setup.steps)
    write(folder / "initial.spacy", stage.initial)
    write(folder / "stream.spacy", stage.stream)
    stage.nlp.to_disk(folder / "cnn")
    with_transformer(stage.initial, minilm_steps).to_disk(folder / "minilm")


def setup_of(folder: Path, texts: int, initial: float) -> FeedbackSetup:
    """The session that is simulated on the same data."""
    return FeedbackSetup(
        train=folder / "train.spacy",
        dev=folder / "dev.spacy",
        initial=initial,
        max_texts=texts,
        component=COMPONENT,
    )


def with_transformer(docs: list[Doc], steps: int) -> Language:
    """MiniLM with a `causal_ner`."""
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": minilm()})
    nlp.add_pipe(COMPONENT, config={"model": {"tok2vec": LISTENER}})
    nlp.config["training"]["optimizer"]["learn_rate"] = 2e-4
    fit(nlp, COMPONENT, docs, key=(0,), steps=steps)
    return nlp


def conll(part: str) -> Path:
    return CORPORA / "conll2003" / part


def write(path: Path, docs: Any) -> None:
    kept = empty_docbin()
    for doc in docs:
        kept.add(doc)
    write_docbin(path, kept)


if __name__ == "__main__":
    typer.run(main)
