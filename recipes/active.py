"""Active learning: whole sentences, the model's suggestion pre-filled, batch by batch.

python -m recipes.active DATASET MODEL SOURCE
prodigy causal.active DATASET MODEL SOURCE -F recipes/active.py

SOURCE is read whole: the next batch is chosen from all of it. A batch is learnt once
all of it is answered, so a question left open on one page holds up everybody's next
batch until --timeout sends it to somebody else.
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


def active(
    dataset: Dataset,
    model: Model,
    source: Texts,
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
    labels: Labels = "",
    component: Component = None,
    initial: Initial = None,
    dev: Annotated[
        Path | None,
        typer.Option(
            help="Labelled .spacy file: F1 by round; undoes updates harming a label."
        ),
    ] = None,
    output: Output = None,
    instructions: Instructions = None,
    seed: Seed = 0,
    gpu_id: GpuId = -1,
) -> dict[str, Any]:
    """Annotate whole sentences, batch by batch.

    When all of a batch is answered, the model learns from it and chooses the next one
    from the whole source.
    """
    from spacy_causal.acquisition.named import make_strategy
    from spacy_causal.learning.augmenting import make_augment
    from spacy_causal.learning.settings import LearnerSettings
    from spacy_causal.server.beginning import beginning
    from spacy_causal.server.manual import VIEW
    from spacy_causal.server.rounds import ActiveTeacher, BatchStream
    from spacy_causal.server.teaching import save_taught
    from spacy_causal.server.texts import ENTITIES
    from spacy_causal.types import Budget

    if batch is not None and budget is not None:
        raise ValueError("--batch and --budget both say how much comes next: give one.")
    size = Budget.parse(budget) if budget is not None else Budget(batch or 20)
    acquire = make_strategy(strategy)
    make_augment(augment, component or "")
    with beginning(
        *(model, source, LearnerSettings(augment=augment)),
        component=component,
        labels=labels,
        initial=initial,
        dev=dev,
        output=output,
        instructions=instructions,
        seed=seed,
        gpu_id=gpu_id,
    ) as begun:
        nlp, texts, background = begun.nlp, begun.texts, begun.background
        stream = BatchStream(
            nlp, begun.component, texts, acquire, size, background, dev=dev, seed=seed
        )

    def on_exit(controller: Any) -> dict[str, Any]:
        texts.close()
        stream.close()
        return save_taught(background, begun.component, output)

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
            "instructions": begun.guidelines,
            "model": model,
            "weights": begun.weights,
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
