"""Blocks of a pool read by Ray Data: actors that load the pipelines once."""

import logging
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import srsly
from spacy.tokens import Doc
from thinc.api import require_gpu

from spacy_causal.learning.pool.blocks import Arrays, Plan, read_block
from spacy_causal.learning.pool.compute import Blocks, ReadBlocks
from spacy_causal.learning.pool.labeller import Labeller


def create_ray_reader(
    models: Sequence[str], *, workers: int = 2, gpus: float = 0
) -> ReadBlocks:
    """Read blocks on a Ray cluster: the one that is running or was joined, else one on
    this machine. A block is read as it would be here, and a block whose worker is lost
    is read again, so the view is the same.

    models (Sequence[str]): The pipelines, by names or paths that workers can load: the
        first one, then the committee's.
    workers (int): Actors, at most as many as there are GPUs for. gpus (float): Of each
        of them; 0 is on the CPU.
    Raises ImportError where Ray is not installed; reading raises ValueError where its
    cluster has no such GPU, or, where it grows on demand, none yet.
    """
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise ImportError("Ray is missing: pip install 'spacy-causal[ray]'") from error
    return partial(_read_with_ray, models=list(models), workers=workers, gpus=gpus)


def _read_with_ray(
    members: Sequence[Labeller],
    blocks: Blocks,
    plan: Plan,
    *,
    models: list[str],
    workers: int,
    gpus: float,
) -> Iterator[tuple[int, Arrays]]:
    import ray
    from ray.data import ActorPoolStrategy

    rows = [{"block": i, "texts": _packed(texts)} for i, texts in blocks]
    if not rows:
        return
    reader: Any = BlockReader
    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, logging_level=logging.WARNING)
    try:
        size = min(workers, len(rows), _most_workers(gpus))
        data = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            reader,
            fn_constructor_args=(models, members[0].component, plan, gpus),
            compute=ActorPoolStrategy(size=size),
            num_gpus=gpus or None,
        )
        for row in data.iter_rows():
            yield int(row["block"]), unpack_arrays(row["arrays"])
    finally:
        if ours:
            ray.shutdown()


def _most_workers(gpus: float) -> int:
    """Ray would wait for ever for a GPU that no machine of its cluster has."""
    import ray

    if not gpus:
        return sys.maxsize
    there = ray.cluster_resources().get("GPU", 0)
    if there < gpus:
        raise ValueError(f"A worker needs {gpus:g} GPU, and Ray's cluster has {there}.")
    return int(there / gpus)


class BlockReader:
    """What an actor does: it loads the pipelines when it starts, and reads blocks."""

    def __init__(self, models: list[str], component: str, plan: Plan, gpus: float = 0):
        from spacy.util import load_model

        if gpus:
            # Ray shows a worker no GPU but its own.
            require_gpu()
        self.members = [Labeller(load_model(name), component) for name in models]
        self.plan = plan

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Read one block."""
        texts = _unpacked(self.members[0], row["texts"])
        arrays = read_block(self.members, texts, self.plan, int(row["block"]))
        return {"block": row["block"], "arrays": pack_arrays(arrays)}


def pack_arrays(arrays: Arrays) -> bytes:
    """Arrays by name as the bytes of one value, however many rows each has."""
    file = BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def unpack_arrays(packed: bytes) -> Arrays:
    """The arrays that `pack_arrays` packed."""
    with np.load(BytesIO(packed)) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _packed(texts: Sequence[str | Doc]) -> bytes:
    return srsly.msgpack_dumps(
        [
            text if isinstance(text, str) else text.to_bytes(exclude=["user_data"])
            for text in texts
        ]
    )


def _unpacked(member: Labeller, packed: bytes) -> list[str | Doc]:
    vocab = member.nlp.vocab
    return [
        text if isinstance(text, str) else Doc(vocab).from_bytes(text)
        for text in srsly.msgpack_loads(packed)
    ]
