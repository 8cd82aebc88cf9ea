"""Feedback on a model's labels: which of K, or none of these?

python -m recipes.feedback DATASET MODEL SOURCE
prodigy causal.feedback DATASET MODEL SOURCE -F recipes/feedback.py
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from recipes.options import (
    Component,
    Dataset,
    GpuId,
    Initial,
    Instructions,
    Labels,
    Model,
    Output,
    Seed,
    Texts,
)
from recipes.serving import command_of, register_with_prodigy


def feedback(
    dataset: Dataset,
    model: Model,
    source: Texts,
    *,
    k: Annotated[int, typer.Option(help="Labels shown with a question.", min=1)] = 3,
    unit: Annotated[
        str | None,
        typer.Option(help="Ask about each mention or token; by default as fits."),
    ] = None,
    labels: Labels = "",
    all_labels: Annotated[
        bool,
        typer.Option(
            "--all-labels", help="Instead of K, show the best label and a list of all."
        ),
    ] = False,
    follow_up: Annotated[
        str,
        typer.Option(
            help='After "none of these": off, next (K labels) or list (of all).'
        ),
    ] = "off",
    component: Component = None,
    imputer: Annotated[
        str | None,
        typer.Option(help='Pipeline that guesses the label after "none of these".'),
    ] = None,
    explore: Annotated[
        float,
        typer.Option(help="Share of questions in which one of the K labels is random."),
    ] = 0.5,
    sure: Annotated[
        float,
        typer.Option(
            help="Below 1: ask about single tokens, only those of which the model is "
            "less sure, and learn the others as it finds them. What it is wrongly sure "
            "of is not asked about."
        ),
    ] = 1.0,
    doubt: Annotated[
        float, typer.Option(help="Share of the answers to assume wrong.")
    ] = 0.0,
    initial: Initial = None,
    dev: Annotated[
        Path | None,
        typer.Option(
            help="Labelled .spacy file: undoes updates that cost a label much F1."
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Minimum number of answers between two updates.", min=1)
    ] = 10,
    output: Output = None,
    instructions: Instructions = None,
    seed: Seed = 0,
    gpu_id: GpuId = -1,
) -> dict[str, Any]:
    """Ask which of K labels is right, or none of them.

    The model learns from the answers while they are given.
    """
    from spacy_causal.learning.settings import LearnerSettings
    from spacy_causal.server.asking import VIEW, Asking, QuestionStream
    from spacy_causal.server.beginning import beginning
    from spacy_causal.server.teaching import FeedbackTeacher, save_taught
    from spacy_causal.types import NONE_OF_THESE

    asking = Asking(k, unit, all_labels, follow_up, explore, sure, seed)
    mode: Any = "own_ruled_out" if imputer is None else "imputed_ruled_out"
    settings = LearnerSettings(mode=mode, mistakes=doubt, fill=sure < 1)
    with beginning(
        *(model, source, settings),
        component=component,
        labels=labels,
        imputer=imputer,
        initial=initial,
        dev=dev,
        output=output,
        instructions=instructions,
        seed=seed,
        gpu_id=gpu_id,
    ) as begun:
        new_weights = begun.background.take_weights
        stream = QuestionStream(
            begun.nlp, begun.component, begun.texts, asking, new_weights=new_weights
        )

    def on_exit(controller: Any) -> dict[str, Any]:
        begun.texts.close()
        return save_taught(begun.background, begun.component, output)

    return {
        "dataset": dataset,
        "view_id": VIEW,
        "stream": stream,
        "update": FeedbackTeacher(begun.background),
        "progress": lambda controller, returned: stream.fraction,
        "on_exit": on_exit,
        "config": {
            "labels": stream.labels,
            "batch_size": batch_size,
            "choice_style": "single",
            "choice_auto_accept": True,
            "exclude_by": "task",
            "instructions": begun.guidelines,
            "model": model,
            "weights": begun.weights,
            "mode": stream.asking.mode,
            "explore": stream.asking.explored,
            "sure": sure,
            "layer": stream.layer,
            "unit": stream.unit,
            "none": NONE_OF_THESE,
            "outside": stream.outside,
            "all_labels": all_labels,
            "follow_up": follow_up,
        },
    }


command = command_of(feedback)
register_with_prodigy("causal.feedback", feedback)

if __name__ == "__main__":
    typer.run(command)
