"""Review: what the annotators of a dataset disagree on is asked once more.

python -m recipes.review DATASET
prodigy causal.review DATASET --all -F recipes/review.py
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from recipes.serving import command_of, register_with_prodigy
from spacy_causal.cli.options import Db
from spacy_causal.store import DEFAULT_URL


def review(
    dataset: Annotated[
        str, typer.Argument(help="Dataset that several people annotated.")
    ],
    *,
    into: Annotated[
        str | None,
        typer.Option(help="Dataset for the result; by default DATASET-reviewed."),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(help="Answers to review, if it has both: choice or ner_manual."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also ask about what all agree on.")
    ] = False,
    instructions: Annotated[
        Path | None, typer.Option(help="Guidelines for reviewers, plain text.")
    ] = None,
    db: Db = DEFAULT_URL,
) -> dict[str, Any]:
    """Ask again about what annotators disagree on.

    What they agree on is copied.
    """
    from wasabi import msg

    from spacy_causal.cli.agreement import show_agreement
    from spacy_causal.learning.answers import OUTSIDE
    from spacy_causal.server.agreement import by_question, view_of
    from spacy_causal.server.beforehand import read_guidelines
    from spacy_causal.server.export import read_dataset
    from spacy_causal.server.review import ReviewStream, labels_of
    from spacy_causal.server.texts import layer_of
    from spacy_causal.types import NONE_OF_THESE

    into = into or f"{dataset}-reviewed"
    if into == dataset:
        raise ValueError(f"--into must name another dataset than {dataset!r}.")
    tasks, config = read_dataset(dataset, db)
    views = sorted({view_of(task) for task in tasks})
    if view is not None:
        tasks = [task for task in tasks if view_of(task) == view]
    elif len(views) > 1:
        raise ValueError(f"{dataset!r} has answers of two views: give --view.")
    if not tasks:
        raise ValueError(f"{dataset!r} has no answers{f' of {view}' if view else ''}.")
    guidelines = read_guidelines(instructions)
    stream = ReviewStream(by_question(tasks), everything=everything)
    show_agreement(tasks)
    msg.info(
        f"{len(stream.asked):,} questions to review, {len(stream.agreed):,} copied "
        f"unasked; {stream.n_single:,} answered by one person"
    )
    return {
        "dataset": into,
        "view_id": view or views[0],
        "stream": stream,
        "on_load": stream.begin,
        "progress": lambda controller, returned: stream.fraction,
        "config": {
            "labels": labels_of(tasks, config),
            "choice_style": "single",
            "choice_auto_accept": True,
            "exclude_by": "task",
            "instructions": guidelines,
            "reviews": dataset,
            "none": NONE_OF_THESE,
            "outside": config.get("outside", OUTSIDE),
            "layer": layer_of(config),
            "waiting": "The next question that was answered in several ways.",
        },
    }


command = command_of(review)
register_with_prodigy("causal.review", review)

if __name__ == "__main__":
    typer.run(command)
