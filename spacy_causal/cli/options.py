"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer
from wasabi import msg

GpuId = Annotated[int, typer.Option(help="GPU to use; -1 for the CPU.")]
Page = Annotated[Path | None, typer.Option(help="HTML page to write.", dir_okay=False)]
RowsFile = Annotated[
    Path | None,
    typer.Option(
        help="JSON lines file to append to; rows already there are not run again.",
        dir_okay=False,
    ),
]


def use_gpu(gpu_id: int) -> None:
    """Compute on a GPU from here on, or say what is missing and end; -1: on the CPU."""
    from spacy.cli._util import setup_gpu

    try:
        setup_gpu(gpu_id, silent=True)
    except (ValueError, ImportError) as error:
        msg.fail(f"--gpu-id {gpu_id}: {error}", exits=1)
