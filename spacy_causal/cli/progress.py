"""A bar for what takes long."""

from collections.abc import Iterable
from typing import Any


def show_progress(items: Iterable[Any], total: int, name: str) -> Iterable[Any]:
    """Wrap an iterable in a bar that goes when it is done; a `Progress`."""
    from tqdm import tqdm

    return tqdm(items, total=total, desc=name, disable=None, leave=False)
