"""Active learning: whole sentences, the model's suggestion pre-filled, batch by batch.

python -m recipes.active DATASET MODEL SOURCE
prodigy causal.active DATASET MODEL SOURCE -F recipes/active.py

SOURCE is read whole: the next batch is chosen from all of it. A batch is learnt once
all of it is answered, so a question left open on one page holds up everybody's next
batch until --timeout sends it to somebody else.
"""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from recipes.serving import command_of, register_with_prodigy


def active(
    dataset: Annotated[str, typer.Argument(help="Dataset that keeps the answers.")],
    model: Annotated[
        str, typer.Argument(help="Trained pipeline (name or path), or blank:en.")
    ],
    source: Annotated[
        str, typer.Argument(help=".jsonl, .txt, .csv or .spacy; - is standard input.")
    ],
    *,
    strategy: Annotated[
        str,
        typer.Option(
            help="How to choose sentences: random, mnlp, wbadge and so on, with "
            "settings after a colon: wbadge:weight=l2,near_duplicates=0.95."
        ),
    ] = "wbadge",
    batch: Annotated[
        int | None, typer.Option(help="Sentences in a batch; by default 20.", min=1)
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="Size of a batch in words, as 500w; instead of --batch."),
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            help="Also train on generated sentences: seqmix or counterfactual."
        ),
    ] = None,
    labels: Annotated[
        str, typer.Option(help="Labels to add to the model's own: LABEL,LABEL.")
    ] = "",
    component: Annotated[
        str | None, typer.Option(help="Component that learns; needed if several could.")
    ] = None,
    initial: Annotated[
        Path | None,
        typer.Option(help="Labelled .spacy file, replayed against forgetting."),
    ] = None,
    dev: Annotated[
        Path | None,
        typer.Option(
            help="Labelled .spacy file: F1 by round; undoes updates harming a label."
        ),
    ] = None,
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
    """Annotate whole sentences, batch by batch.

    When all of a batch is answered, the model learns from it and chooses the next one
    from the whole source.
    """
    from spacy_causal.acquisition.named import make_strategy
    from spacy_causal.learning.augmenting import make_augment
    from spacy_causal.learning.background import BackgroundLearner
    from spacy_causal.learning.settings import LearnerSettings
    from spacy_causal.learning.weights import digest_of_weights
    from spacy_causal.server.beforehand import (
        check_gpu,
        check_labelled,
        check_output,
        read_guidelines,
    )
    from spacy_causal.server.manual import VIEW
    from spacy_causal.server.pipelines import load_pipeline
    from spacy_causal.server.rounds import ActiveTeacher, BatchStream
    from spacy_causal.server.sources import Source
    from spacy_causal.server.teaching import build_learner, save_taught
    from spacy_causal.server.texts import ENTITIES
    from spacy_causal.specs import split_names
    from spacy_causal.types import Budget

    if batch is not None and budget is not None:
        raise ValueError("--batch and --budget both say how much comes next: give one.")
    size = Budget.parse(budget) if budget is not None else Budget(batch or 20)
    names = split_names(labels)
    acquire = make_strategy(strategy)
    make_augment(augment, component or "")
    settings = LearnerSettings(augment=augment)
    texts = Source(source)
    check_labelled(initial, dev)
    check_output(output, model)
    check_gpu(gpu_id)
    guidelines = read_guidelines(instructions)
    nlp, name = load_pipeline(model, component, names, seed=seed)
    weights = digest_of_weights(nlp, [name])
    build = partial(
        *(build_learner, model, component, names),
        settings=settings,
        seed=seed,
        gpu_id=gpu_id,
    )
    background = BackgroundLearner(partial(build, initial=initial, dev=dev))
    try:
        stream = BatchStream(
            *(nlp, name, texts, acquire, size, background), dev=dev, seed=seed
        )
    except BaseException:
        background.close()
        raise

    def on_exit(controller: Any) -> dict[str, Any]:
        texts.close()
        stream.close()
        return save_taught(background, name, output)

    return {
        "dataset": dataset,
        "view_id": VIEW,
        "stream": stream,
        "update": ActiveTeacher(background, stream),
        "progress": lambda controller, returned: stream.fraction,
        "on_exit": on_exit,
        "config": {
            "labels": stream.labels,
            "exclude_by": "task",
            # Prodigy would hold back answers that the next batch waits for.
            "instant_submit": True,
            "instructions": guidelines,
            "model": model,
            "weights": weights,
            "layer": ENTITIES,
            "strategy": strategy,
            "budget": str(size),
            "augment": augment,
            "waiting": "The model learns from your answers and chooses the next.",
        },
    }


command = command_of(active, needs_page=True)
register_with_prodigy("causal.active", active)

if __name__ == "__main__":
    typer.run(command)
