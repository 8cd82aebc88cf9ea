"""A command never overwrites what it reads."""

from pathlib import Path


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
