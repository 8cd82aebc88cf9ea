"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

GpuId = Annotated[int, typer.Option(help="-1 for the CPU.")]
Page = Annotated[Path | None, typer.Option(help="Page to write.", dir_okay=False)]
RowsFile = Annotated[
    Path | None,
    typer.Option(
        help="JSON lines to append to; what is there is not run again.",
        dir_okay=False,
    ),
]
