"""`export`: what was answered, as a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

from spacy_causal.cli.inputs import messages_apart
from spacy_causal.cli.options import Db
from spacy_causal.store import DEFAULT_URL

# What nobody answered about cannot be told there from what has no label.
WITHOUT_UNKNOWN = ("label-studio", "doccano")


def export(
    dataset: Annotated[str, typer.Argument(help="Dataset that keeps the answers.")],
    output: Annotated[Path, typer.Argument(help="The file to write.")],
    *,
    format: Annotated[
        str, typer.Option(help="spacy, jsonl, conll, label-studio or doccano.")
    ] = "spacy",
    model: Annotated[
        str | None,
        typer.Option(
            help="For .spacy: pipeline whose guesses fill in what was ruled out, and "
            "what was not asked about in a session with --sure."
        ),
    ] = None,
    component: Annotated[
        str | None,
        typer.Option(help="For --model: its component that was asked about."),
    ] = None,
    db: Db = DEFAULT_URL,
) -> None:
    """Write a dataset's answers to a file.

    For spacy train and evaluate (token targets, and certain answers as annotation),
    Prodigy, CoNLL and other tools.
    """
    from spacy_causal.server.export import export as write
    from spacy_causal.server.export import read_dataset
    from spacy_causal.server.texts import layer_of

    with messages_apart(output):
        try:
            tasks, config = read_dataset(dataset, db)
            layer = layer_of(config)
            n_written = write(tasks, output, format, model, component, layer=layer)
        except (ValueError, OSError) as error:
            msg.fail(str(error), exits=1)
        if format != "jsonl":
            _warn_of_disputes(tasks)
        if format in WITHOUT_UNKNOWN:
            _warn_of_unknown(tasks, layer)
        if format != "jsonl" and model is None:
            _warn_of_sure(tasks)
        what = "answers" if format == "jsonl" else "texts"
        msg.good(f"Wrote {n_written:,} {what} to {output}")


def _warn_of_disputes(tasks: Sequence[dict[str, Any]]) -> None:
    """Of what annotators disagree on, a text has one answer."""
    from spacy_causal.server.agreement import by_question, is_disputed

    n = sum(is_disputed(group) for group in by_question(tasks))
    if n:
        questions = "question was" if n == 1 else "questions were"
        msg.warn(
            f"{n:,} {questions} answered in several ways: the later answer is taken; "
            "`review` settles them."
        )


def _warn_of_sure(tasks: Sequence[dict[str, Any]]) -> None:
    if any(task.get("sure", 1) < 1 for task in tasks):
        msg.warn(
            "Words of which the model was sure were not asked about (--sure): they are "
            "unknown here, and a mention that has such a word is cut short or missing. "
            "The format spacy with --model fills them in."
        )


def _warn_of_unknown(tasks: Sequence[dict[str, Any]], layer: str) -> None:
    from spacy_causal.server.texts import UNKNOWN, texts_of

    n = sum(UNKNOWN in text.tags() for text in texts_of(tasks, layer))
    if n:
        texts = "text is" if n == 1 else "texts are"
        msg.warn(
            f"{n:,} {texts} known in part: words without an answer read here as words "
            "without a label; spacy and conll keep them apart."
        )
