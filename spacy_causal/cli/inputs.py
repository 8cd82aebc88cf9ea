"""What a command reads stays as it is."""

from pathlib import Path


def keep_inputs(output: Path | None, *inputs: Path | None) -> None:
    """Raise ValueError for an output that is one of the inputs."""
    if output is None or not output.exists():
        return
    if any(path is not None and output.samefile(path) for path in inputs):
        raise ValueError(f"{output} is read: write to another file.")
