"""`export`: what was answered, as a file."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg


def export(
    dataset: Annotated[str, typer.Argument(help="Where answers are kept, by name.")],
    output: Annotated[Path, typer.Argument(help="The file to write.")],
    *,
    format: Annotated[
        str, typer.Option(help="spacy, jsonl, conll, label-studio or doccano.")
    ] = "spacy",
    model: Annotated[
        str | None,
        typer.Option(help='Of a .spacy file: whose guess "none of these" leaves.'),
    ] = None,
    component: Annotated[
        str | None, typer.Option(help="Of the model: whose answers, where several can.")
    ] = None,
    db: Annotated[
        str, typer.Option(help="URL of the database.", envvar="SPACY_CAUSAL_DB")
    ] = "sqlite:///spacy-causal.db",
) -> None:
    """Write answers for spacy train and evaluate (token targets, and what is certain as
    annotation), Prodigy, CoNLL and other tools."""
    from spacy_causal.server.export import export as write
    from spacy_causal.server.export import read_dataset
    from spacy_causal.server.texts import layer_of

    try:
        tasks, config = read_dataset(dataset, db)
        layer = layer_of(config)
        n_written = write(tasks, output, format, model, component, layer=layer)
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    what = "answers" if format == "jsonl" else "texts"
    msg.good(f"Wrote {n_written:,} {what} to {output}")
