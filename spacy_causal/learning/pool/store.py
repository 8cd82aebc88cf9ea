"""Arrays of a pool block by block, in memory or in files that outlive a crash."""

import shutil
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from spacy_causal.files import write_folder_whole
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
            like = next(arrays[name] for arrays in blocks if name in arrays)
            parts = [_part(arrays, name, like) for arrays in blocks]
            whole[name] = np.concatenate(parts)
            for arrays in blocks:
                if name != "lengths":
                    arrays.pop(name, None)
        return whole


class FileStore:
    """Blocks as folders of `.npy` files, which appear only when they are complete; what
    is there already is not computed again, and what a killed process left half written
    is cleared. One process at a time uses a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(".*.part"):
            shutil.rmtree(part, ignore_errors=True)

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
        write_folder_whole(self._path(block), partial(_save, arrays))

    def gather(self) -> Arrays:
        """Each array whole, memory-mapped; the blocks are gone."""
        whole = self.folder / WHOLE
        if not whole.exists():
            write_folder_whole(whole, self._join)
        for path in self._finished():
            shutil.rmtree(path)
        return _mapped(whole)

    def _join(self, folder: Path) -> None:
        folder.mkdir()
        names = {file.stem for path in self._finished() for file in path.glob("*.npy")}
        for name in sorted(names):
            kinds = [(rows.shape, rows.dtype) for rows in self._parts(name)]
            shape = (sum(shape[0] for shape, _ in kinds), *kinds[0][0][1:])
            dtype = np.result_type(*(dtype for _, dtype in kinds))
            joined = np.lib.format.open_memmap(
                folder / f"{name}.npy", "w+", dtype, shape
            )
            at = 0
            for rows in self._parts(name):
                joined[at : at + len(rows)] = rows
                at += len(rows)
            joined.flush()

    def _parts(self, name: str) -> Iterator[np.ndarray]:
        """The blocks' rows in order. The files of one block are open at a time: a large
        pool has more blocks than a process may open files."""
        blocks = map(_mapped, self._finished())
        like = next(arrays[name][:0].copy() for arrays in blocks if name in arrays)
        for path in self._finished():
            yield _part(_mapped(path), name, like)

    def _path(self, block: int) -> Path:
        return self.folder / f"{block:08d}"

    def _finished(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.name.isdigit())


Store = MemoryStore | FileStore


def _save(arrays: Arrays, folder: Path) -> None:
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)


def _mapped(folder: Path) -> Arrays:
    return {path.stem: _map(path) for path in sorted(folder.glob("*.npy"))}


def _map(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r")
    except ValueError:
        return np.load(path)  # an empty array cannot be mapped


def _part(arrays: Arrays, name: str, like: np.ndarray) -> np.ndarray:
    """A block's rows; a block without any token has none, or zeros a document."""
    if name in arrays:
        return arrays[name]
    n = 0 if name in BY_TOKEN else len(arrays["lengths"])
    return np.zeros((n, *like.shape[1:]), dtype=like.dtype)
