"""Views computed by Ray on a local cluster."""

import os
import signal
import sys

import numpy as np
import pytest
from toy_pipelines import TEXTS, build

from spacy_causal.learning.pool import compute, distributed
from spacy_causal.learning.pool.compute import view_pool
from spacy_causal.learning.pool.distributed import (
    BlockReader,
    create_ray_reader,
    pack_arrays,
    unpack_arrays,
)
from spacy_causal.types import Needs

NEEDS = Needs(probabilities=True, samples=3, gradients="auto", sketch_width=32)
POOL = {f"{i} {id}": f"{text} {i}" for i in range(8) for id, text in TEXTS.items()}


def test_arrays_come_back_as_they_were():
    arrays = {"lengths": np.arange(3), "hidden": np.zeros((0, 4), dtype=np.float16)}
    again = unpack_arrays(pack_arrays(arrays))
    assert {name: (a.shape, a.dtype) for name, a in again.items()} == {
        name: (a.shape, a.dtype) for name, a in arrays.items()
    }
    assert again["lengths"].tolist() == [0, 1, 2]


class KilledOnce(BlockReader):
    """Its process is killed in the middle of one block, the first time."""

    marker = ""

    def __call__(self, row):
        if int(row["block"]) == 2 and not os.path.exists(self.marker):  # noqa: PTH110
            open(self.marker, "w").close()  # noqa: PTH123
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(row)


def test_a_worker_computes_on_the_gpu_that_it_is_given(monkeypatch):
    asked = []
    monkeypatch.setattr(distributed, "require_gpu", lambda: asked.append("a GPU"))
    BlockReader([], "it", plan=None)
    assert not asked
    BlockReader([], "it", plan=None, gpus=1)
    assert asked == ["a GPU"]


@pytest.mark.parametrize("there", [0, 1, 3])
def test_no_worker_waits_for_a_gpu_that_is_not_there(there, monkeypatch):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(
        ray, "cluster_resources", lambda: {"GPU": there} if there else {}
    )
    if there:
        assert distributed._most_workers(1) == there
        assert distributed._most_workers(0.5) == 2 * there
    else:
        with pytest.raises(ValueError, match="needs 1 GPU, and Ray's cluster has 0"):
            distributed._most_workers(1)
    assert distributed._most_workers(0) > 1000


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("killed", [False, True])
def test_the_result_is_the_local_one(killed, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    # Ray's workers give way to everything else: on a busy machine they never start.
    monkeypatch.setenv("RAY_worker_niceness", "0")
    monkeypatch.setattr(compute, "BLOCK", 8)
    monkeypatch.setattr(compute, "EXACT_BYTES", 0)
    nlp = build("ner-shared")
    nlp.to_disk(tmp_path / "model")
    here = view_pool(nlp, "it", POOL, NEEDS, seed=3)
    if killed:
        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
        reader = type("Reader", (KilledOnce,), {"marker": str(tmp_path / "killed")})
        monkeypatch.setattr(distributed, "BlockReader", reader)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        there = view_pool(
            nlp, "it", POOL, NEEDS, seed=3,
            read_blocks=create_ray_reader([str(tmp_path / "model")], workers=2),
        )  # fmt: skip
    finally:
        ray.shutdown()
    assert (tmp_path / "killed").exists() is killed
    assert set(there.arrays) == set(here.arrays)
    for name, array in here.arrays.items():
        assert (there.arrays[name] == array).all(), name
