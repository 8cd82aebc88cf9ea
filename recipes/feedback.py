"""Feedback on a model's labels: which of K, or none of these?

python -m recipes.feedback DATASET MODEL SOURCE
prodigy causal.feedback DATASET MODEL SOURCE -F recipes/feedback.py
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from recipes.serving import command_of, register_with_prodigy


def feedback(
    dataset: Annotated[str, typer.Argument(help="Dataset that keeps the answers.")],
    model: Annotated[
        str, typer.Argument(help="Trained pipeline (name or path), or blank:en.")
    ],
    source: Annotated[
        str, typer.Argument(help=".jsonl, .txt, .csv or .spacy; - is standard input.")
    ],
    *,
    k: Annotated[int, typer.Option(help="Labels shown with a question.", min=1)] = 3,
    unit: Annotated[
        str | None,
        typer.Option(help="Ask about each mention or token; by default as fits."),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Labels to add to the model's own: LABEL,LABEL.")
    ] = "",
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
    component: Annotated[
        str | None, typer.Option(help="Component that learns; needed if several could.")
    ] = None,
    imputer: Annotated[
        str | None,
        typer.Option(help='Pipeline that guesses the label after "none of these".'),
    ] = None,
    explore: Annotated[
        float,
        typer.Option(help="Share of questions in which one of the K labels is random."),
    ] = 0.5,
    doubt: Annotated[
        float, typer.Option(help="Share of the answers to assume wrong.")
    ] = 0.0,
    initial: Annotated[
        Path | None,
        typer.Option(help="Labelled .spacy file, replayed against forgetting."),
    ] = None,
    dev: Annotated[
        Path | None,
        typer.Option(
            help="Labelled .spacy file: undoes updates that cost a label much F1."
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Minimum number of answers between two updates.", min=1)
    ] = 10,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for saving the taught pipeline at the end."),
    ] = None,
    instructions: Annotated[
        Path | None, typer.Option(help="Guidelines for annotators, plain text.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.", min=0)] = 0,
    gpu_id: Annotated[
        int, typer.Option(help="GPU on which the model learns; -1 for the CPU.")
    ] = -1,
) -> dict[str, Any]:
    """Ask which of K labels is right, or none of them.

    The model learns from the answers while they are given.
    """
    from spacy_causal.learning.background import BackgroundLearner
    from spacy_causal.learning.settings import LearnerSettings
    from spacy_causal.learning.weights import digest_of_weights
    from spacy_causal.server.asking import VIEW, Asking, QuestionStream
    from spacy_causal.server.beforehand import (
        check_gpu,
        check_imputer,
        check_labelled,
        check_output,
        read_guidelines,
    )
    from spacy_causal.server.pipelines import load_pipeline
    from spacy_causal.server.sources import Source
    from spacy_causal.server.teaching import (
        FeedbackTeacher,
        build_learner,
        save_taught,
    )
    from spacy_causal.specs import split_names
    from spacy_causal.types import NONE_OF_THESE

    names = split_names(labels)
    asking = Asking(k, unit, all_labels, follow_up, explore, seed)
    texts = Source(source)
    check_labelled(initial, dev)
    check_output(output, model, imputer)
    check_gpu(gpu_id)
    guidelines = read_guidelines(instructions)
    mode: Any = "own_ruled_out" if imputer is None else "imputed_ruled_out"
    settings = LearnerSettings(mode=mode, mistakes=doubt)
    nlp, name = load_pipeline(model, component, names, seed=seed)
    weights = digest_of_weights(nlp, [name])
    check_imputer(imputer, nlp, name)
    build = partial(
        *(build_learner, model, component, names),
        settings=settings,
        seed=seed,
        gpu_id=gpu_id,
    )
    background = BackgroundLearner(
        partial(build, imputer=imputer, initial=initial, dev=dev)
    )
    try:
        stream = QuestionStream(
            nlp, name, texts, asking, new_weights=background.take_weights
        )
    except BaseException:
        background.close()
        raise

    def on_exit(controller: Any) -> dict[str, Any]:
        texts.close()
        return save_taught(background, name, output)

    return {
        "dataset": dataset,
        "view_id": VIEW,
        "stream": stream,
        "update": FeedbackTeacher(background),
        "progress": lambda controller, returned: stream.fraction,
        "on_exit": on_exit,
        "config": {
            "labels": stream.labels,
            "batch_size": batch_size,
            "choice_style": "single",
            "choice_auto_accept": True,
            "exclude_by": "task",
            "instructions": guidelines,
            "model": model,
            "weights": weights,
            "mode": stream.asking.mode,
            "explore": stream.asking.explored,
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
