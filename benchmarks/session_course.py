"""A session over HTTP beside what `simulate-feedback` says that it brings.

    python benchmarks/session_models.py FOLDER
    python benchmarks/session_course.py FOLDER --seeds 3

Rows go to benchmarks/results/sessions.jsonl.

One annotator, always right, answers all that `python -m recipes.feedback` asks about
FOLDER/stream.spacy, from the true annotation: the type if it is among the options,
"none of these" if it is not, "not a mention" for what is none; spans that cut a mention
are skipped. Somebody who answers in a blink is ahead of the learner, which a person is
not: after every `pace` answers the annotator waits until all is learnt. The simulated
session begins with the same model and reads the same texts.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import spacy
import typer
from session_models import INITIAL, SEED, TEXTS, setup_of
from session_server import ROWS, Server
from spacy.tokens import Doc

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.corpus.files import read_spacy
from spacy_causal.display.candidates import OUTSIDE
from spacy_causal.experiments.feedback_setup import SESSION, FeedbackSetup
from spacy_causal.experiments.feedback_simulation import create_run_cell
from spacy_causal.experiments.results import Results
from spacy_causal.scorers.layers import f1_of
from spacy_causal.types import NONE_OF_THESE

Truths = dict[str, dict[tuple[int, int], str]]


def main(
    folder: Path,
    texts: int = TEXTS,
    initial: float = INITIAL,
    pace: Annotated[int, typer.Option(help="Answers between two waits.")] = 64,
    seeds: Annotated[int, typer.Option(help="Of what chance is in the asking.")] = 3,
    rows: Path = ROWS,
) -> None:
    """texts, initial: As `session_models.py` was given them."""
    setup = setup_of(folder, texts, initial)
    (cell,) = setup.cells([SEED], [SESSION])
    common = {"bench": "course", "texts": texts, "initial": initial}
    vocab = spacy.blank("en").vocab
    dev = list(read_spacy(folder / "dev.spacy", vocab))
    for simulated, said in Results(rows).run(
        [common | {"simulated": True}], lambda _: simulate(setup, cell)
    ):
        print(simulated, said)
    cells = [
        common | {"simulated": False, "pace": pace, "seed": seed}
        for seed in range(seeds)
    ]
    for session, said in Results(rows).run(cells, lambda one: hold(folder, one, dev)):
        print(session, said)


def simulate(setup: FeedbackSetup, cell: dict[str, Any]) -> dict[str, Any]:
    """What is said beforehand."""
    curve = create_run_cell(setup)(cell)["curve"]
    questions = sum(point["questions"] for point in curve)
    return {"questions": questions, "f1": [curve[0]["f1"], curve[-1]["f1"]]}


def hold(folder: Path, cell: dict[str, Any], dev: list[Doc]) -> dict[str, Any]:
    """A session with the real server, to the end of the texts."""
    truths = truths_of(list(read_spacy(folder / "stream.spacy", dev[0].vocab)))
    with TemporaryDirectory() as scratch:
        taught = Path(scratch) / "taught"
        server = Server(
            folder / "cnn",
            folder / "stream.spacy",
            f"sqlite:///{scratch}/a.db",
            *("--initial", str(folder / "initial.spacy"), "--output", str(taught)),
            *("--batch-size", str(cell["pace"]), "--seed", str(cell["seed"])),
        )
        answers, skipped = annotate(server, truths, cell["pace"])
        batches = server.progress()["learning"]["batches"]
        server.stop()
        scores = [score(folder / "cnn", dev), score(taught, dev)]
    said = {"questions": answers, "skipped": skipped, "batches": batches}
    return said | {"f1": scores}


def truths_of(docs: list[Doc]) -> Truths:
    """The mentions of each text, in characters."""
    return {
        doc.text: {(ent.start_char, ent.end_char): ent.label_ for ent in doc.ents}
        for doc in docs
    }


def annotate(server: Server, truths: Truths, pace: int) -> tuple[int, int]:
    """Answer to the end.

    RETURNS (tuple[int, int]): Answers given, and how many of them were skips.
    """
    answers = skipped = 0
    reply = server.ask("annotator")
    while not reply["done"]:
        for question in reply["questions"]:
            accept = answer_to(question, truths)
            reply = server.answer("annotator", question, accept)
            answers, skipped = answers + 1, skipped + (accept is None)
            if answers % pace == 0:
                wait(server)
        if not reply["questions"]:
            reply = server.ask("annotator")
    wait(server)
    return answers, skipped


def answer_to(question: dict[str, Any], truths: Truths) -> str | None:
    """What somebody says who knows the truth; None is a skip."""
    mentions = truths[question["text"]]
    (span,) = question["spans"]
    start, end = span["start"], span["end"]
    truth = mentions.get((start, end))
    if truth is None:
        cut = any(a < end and start < b for a, b in mentions)
        return None if cut else OUTSIDE
    options = {option["id"] for option in question["options"]}
    return truth if truth in options else NONE_OF_THESE


def wait(server: Server) -> None:
    """Until everything is learnt."""
    while server.progress()["learning"]["busy"]:
        time.sleep(0.05)


def score(model: Path, dev: list[Doc]) -> float:
    """Strict F1 of the entities."""
    nlp = spacy.load(model, vocab=dev[0].vocab)
    said = list(nlp.pipe([bare_copy(doc, nlp.vocab) for doc in dev]))
    return f1_of(said, dev, "ner")


if __name__ == "__main__":
    typer.run(main)
