"""Arrays of a pool block by block, in memory or in files that outlive a crash."""

import os
import shutil
import weakref
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from spacy_causal.learning.pool.blocks import BY_TOKEN, Arrays

WHOLE = "whole"


class MemoryStore:
    """Blocks in memory."""

    def __init__(self) -> None:
        self._blocks: dict[int, Arrays] = {}

    def has(self, block: int) -> bool:
        """Whether a block is there."""
        return block in self._blocks

    def put(self, block: int, arrays: Arrays) -> None:
        """Keep a block."""
        self._blocks[block] = arrays

    def move(self, to: "FileStore") -> "FileStore":
        """Write all blocks elsewhere."""
        for block, arrays in self._blocks.items():
            to.put(block, arrays)
        return to

    def gather(self) -> Arrays:
        """Each array whole; the blocks are gone."""
        blocks = [self._blocks[i] for i in sorted(self._blocks)]
        self._blocks = {}
        whole = {}
        for name in sorted({name for arrays in blocks for name in arrays}):
            parts = [_part(arrays, name, blocks) for arrays in blocks]
            whole[name] = np.concatenate(parts)
            for arrays in blocks:
                if name != "lengths":
                    arrays.pop(name, None)
        return whole


class FileStore:
    """Blocks as folders of `.npy` files, which appear only when they are complete; what
    is there already is not computed again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def temporary(cls) -> "FileStore":
        """One whose files are gone with it."""
        store = cls(Path(mkdtemp(prefix="pool-view-")))
        weakref.finalize(store, shutil.rmtree, store.folder, ignore_errors=True)
        return store

    def has(self, block: int) -> bool:
        """Whether a block is there, or all of them."""
        return (self.folder / WHOLE).exists() or self._path(block).exists()

    def put(self, block: int, arrays: Arrays) -> None:
        """Write a block."""
        self._write(self._path(block), arrays)

    def gather(self) -> Arrays:
        """Each array whole, memory-mapped; the blocks are gone."""
        whole = self.folder / WHOLE
        if not whole.exists():
            self._join(whole)
        for path in self._finished():
            shutil.rmtree(path)
        return _mapped(whole)

    def _join(self, whole: Path) -> None:
        blocks = [_mapped(path) for path in self._finished()]
        part = _new_part(whole)
        for name in sorted({name for arrays in blocks for name in arrays}):
            parts = [_part(arrays, name, blocks) for arrays in blocks]
            shape = (sum(map(len, parts)), *parts[0].shape[1:])
            joined = np.lib.format.open_memmap(
                part / f"{name}.npy", "w+", np.result_type(*parts), shape
            )
            at = 0
            for rows in parts:
                joined[at : at + len(rows)] = rows
                at += len(rows)
            joined.flush()
        part.rename(whole)

    def _write(self, path: Path, arrays: Arrays) -> None:
        part = _new_part(path)
        for name, array in arrays.items():
            np.save(part / f"{name}.npy", array)
        part.rename(path)

    def _path(self, block: int) -> Path:
        return self.folder / f"{block:08d}"

    def _finished(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.name.isdigit())


Store = MemoryStore | FileStore


def _new_part(path: Path) -> Path:
    """An empty folder beside a path; one that a killed process of our number left is
    cleared."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    return part


def _mapped(folder: Path) -> Arrays:
    return {path.stem: _map(path) for path in sorted(folder.glob("*.npy"))}


def _map(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r")
    except ValueError:
        return np.load(path)  # an empty array cannot be mapped


def _part(arrays: Arrays, name: str, blocks: Sequence[Arrays]) -> np.ndarray:
    """A block's rows; a block without any token has none, or zeros a document."""
    if name in arrays:
        return arrays[name]
    other = next(arrays[name] for arrays in blocks if name in arrays)
    n = 0 if name in BY_TOKEN else len(arrays["lengths"])
    return np.zeros((n, *other.shape[1:]), dtype=other.dtype)
