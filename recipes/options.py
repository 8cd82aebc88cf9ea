"""Arguments and options that the recipes share."""

from pathlib import Path
from typing import Annotated

import typer

Dataset = Annotated[str, typer.Argument(help="Dataset that keeps the answers.")]
Model = Annotated[
    str, typer.Argument(help="Trained pipeline (name or path), or blank:en.")
]
Texts = Annotated[
    str, typer.Argument(help=".jsonl, .txt, .csv or .spacy; - is standard input.")
]
Labels = Annotated[
    str, typer.Option(help="Labels to add to the model's own: LABEL,LABEL.")
]
Component = Annotated[
    str | None, typer.Option(help="Component that learns; needed if several could.")
]
Initial = Annotated[
    Path | None,
    typer.Option(help="Labelled .spacy file, replayed against forgetting."),
]
Output = Annotated[
    Path | None,
    typer.Option(help="Folder for saving the taught pipeline at the end."),
]
Instructions = Annotated[
    Path | None, typer.Option(help="Guidelines for annotators, plain text.")
]
Seed = Annotated[int, typer.Option(help="Seed of all random draws.", min=0)]
GpuId = Annotated[
    int, typer.Option(help="GPU on which the model learns; -1 for the CPU.")
]
