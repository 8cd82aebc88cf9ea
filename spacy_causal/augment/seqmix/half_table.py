"""A table of words in bfloat16, in which the closest is found, exactly."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from thinc.types import Floats1d, Floats2d, Ints1d
from torch import Tensor
from torch.nn import functional

from spacy_causal.augment.seqmix.nearest import BATCH, Excluded, pairs_of

# Candidates a query, and columns of which one is the best before they are looked for.
CANDIDATES, BLOCK = 16, 64
# The most that rounding to eight bits changes, with room for sums in float32.
ROUNDING = 1.01 * 2.0**-8


@dataclass(frozen=True)
class HalfTable:
    """A table in bfloat16, in which a few candidates are found; of 1,024 rows or more.

    rows (Tensor): Shape (V', D), V' a multiple of BLOCK. bias (Tensor): −½ ‖e‖².
    vectors (Tensor): The table itself, shape (V, D). halves (Tensor): Shape (V,).
    """

    rows: Tensor
    bias: Tensor
    vectors: Tensor
    halves: Tensor

    @classmethod
    def of(cls, vectors: Floats2d, halves: Floats1d) -> "HalfTable":
        """Round a table; what fills its last block is never a candidate."""
        own, norms = _tensor(vectors), _tensor(halves)
        fill = -len(own) % BLOCK
        rows = functional.pad(own.bfloat16(), (0, 0, 0, fill))
        bias = functional.pad(-norms, (0, fill), value=-torch.inf).bfloat16()
        return cls(rows, bias, own, norms)

    def nearest(
        self, queries: Floats2d, excluded: Excluded
    ) -> tuple[Ints1d, np.ndarray]:
        """As `nearest_rows`, and whether each answer is certain: shapes (Q,) and (Q,).

        A row that is not a candidate has a rounded score no higher than the last
        candidate's. The best candidate is certainly the nearest row if its exact score
        exceeds that score by more than rounding can have cost (see `rounding_error`).
        """
        found, certain = [], []
        largest = float(self.halves.max())
        for start in range(0, len(queries), BATCH):
            batch = _tensor(queries[start : start + BATCH])
            rows, least = self._candidates(batch)
            exact = torch.bmm(self.vectors[rows], batch[:, :, None])[:, :, 0]
            scores = (exact - self.halves[rows]).numpy()
            at, columns = pairs_of(excluded[start : start + BATCH])
            pair, place = np.nonzero(rows[at].numpy() == columns[:, None])
            scores[at[pair], place] = -np.inf
            best = np.arange(len(scores)), scores.argmax(axis=1)
            error = rounding_error(batch.norm(dim=1), largest, least)
            found.append(rows.numpy()[best])
            certain.append(scores[best] > (least + error).numpy())
        return np.concatenate(found), np.concatenate(certain)

    def _candidates(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Rows with the highest scores, in ascending order, and the least of those
        scores: each of them is in one of the blocks whose best are highest."""
        scores = functional.linear(batch.bfloat16(), self.rows, self.bias)
        blocks = scores.view(len(batch), -1, BLOCK)
        highest = blocks.amax(dim=2).topk(CANDIDATES, dim=1).indices
        within = blocks.gather(1, highest[:, :, None].expand(-1, -1, BLOCK))
        top = within.flatten(1).topk(CANDIDATES, dim=1)
        at = highest.gather(1, top.indices // BLOCK) * BLOCK + top.indices % BLOCK
        return at.sort(dim=1).values, top.values[:, -1].float()


def rounding_error(lengths: Tensor, largest: float, least: Tensor) -> Tensor:
    """What a score e·q − ½ ‖e‖² can lose at most, shape (Q,): three roundings of the
    product (its factors' and its own), one of the bias and one of the sum.

    lengths (Tensor): ‖q‖, shape (Q,). largest (float): The largest ½ ‖e‖².
    least (Tensor): Scores that are compared with, shape (Q,).
    """
    longest = (2 * largest) ** 0.5
    return ROUNDING * (3 * longest * lengths + largest + least.abs())


def multiplies_tiles() -> bool:
    """Whether this processor multiplies tiles of bfloat16 (AMX); with vectors of it
    alone it would be slower than in float32."""
    able: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(able.get("amx_bf16"))


def _tensor(rows: np.ndarray) -> Tensor:
    return torch.from_numpy(np.require(rows, np.float32, ["C", "W"]))
