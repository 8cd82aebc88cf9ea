"""Options that several commands take."""

import inspect
import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from wasabi import msg

GpuId = Annotated[int, typer.Option(help="GPU to use; -1 for the CPU.")]
Page = Annotated[Path | None, typer.Option(help="HTML page to write.", dir_okay=False)]
Db = Annotated[
    str, typer.Option(help="URL of the answers' database.", envvar="SPACY_CAUSAL_DB")
]
RowsFile = Annotated[
    Path | None,
    typer.Option(
        help="JSON lines file to append to; rows already there are not run again.",
        dir_okay=False,
    ),
]
# Where a command writes says nothing of what it found.
WRITTEN = ("output", "html", "json", "bank", "meta", "db")


def use_gpu(gpu_id: int) -> None:
    """Compute on a GPU from here on, or say what is missing and end; -1: on the CPU."""
    from spacy.cli._util import setup_gpu

    try:
        setup_gpu(gpu_id, silent=True)
    except (ValueError, ImportError) as error:
        msg.fail(f"--gpu-id {gpu_id}: {error}", exits=1)


def command_of(command: Callable[..., Any], given: Mapping[str, Any]) -> str:
    """A command as one could type it, for what it writes: with the arguments and with
    the options that are not at their defaults, files by their names alone.

    command (Callable[..., Any]): The function, its options keyword-only.
    given (Mapping[str, Any]): What it was called with, by name; more may be in it.
    """
    words = ["python", "-m", "spacy", "causal", command.__name__.replace("_", "-")]
    for name, parameter in inspect.signature(command).parameters.items():
        value = given[name]
        if parameter.kind is not parameter.KEYWORD_ONLY:
            words.append(_named(value))
        elif name in WRITTEN or value == parameter.default:
            continue
        elif isinstance(value, bool):
            (option,) = parameter.annotation.__metadata__
            # In an annotation typer takes the first name for a default.
            words.append(option.default.split("/")[0 if value else 1])
        else:
            words += [f"--{name.replace('_', '-')}", _named(value)]
    return shlex.join(words)


def _named(value: Any) -> str:
    if isinstance(value, Path):
        return value.name
    is_short = isinstance(value, str) and len(os.fsencode(value)) < 255
    there = is_short and Path(value).exists()
    return (Path(value).name if there else "") or str(value)
