"""What a command reads stays as it is, and what it writes has nothing else in it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from spacy_causal.files import is_stream


def keep_inputs(output: Path | None, *inputs: Path | None) -> None:
    """Raise ValueError for an output that is one of the inputs, or lies in one."""
    if output is None:
        return
    place = output.resolve()
    for path in inputs:
        if path is None or not path.exists():
            continue
        if place.exists() and place.samefile(path):
            raise ValueError(f"{output} is also an input: write to another file.")
        if path.is_dir() and path.resolve() in place.parents:
            raise ValueError(f"{output} lies in the input folder {path}.")


@contextmanager
def messages_apart(output: Path) -> Iterator[None]:
    """Print messages to standard error if the output is a pipe: it may be standard
    output's."""
    if not is_stream(output):
        yield
        return
    with redirect_stdout(sys.stderr):
        yield
