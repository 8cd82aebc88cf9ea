"""How probable a causal language model finds the tokens that follow."""

from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

SLICE = 4096


class NextToken:
    """A causal language model, its vocabulary read in slices where that comes to the
    same: a batch's logits all at once take most of the memory and much of the time.

    model (Any): Of transformers.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.head = head_of(model)

    def log2(self, ids: Tensor, kept: Tensor) -> Tensor:
        """log₂ p(w_t | w_<t) for t ≥ 1, shape (n, length - 1), 0 where it is not kept.

        ids (Tensor): Tokens, shape (n, length), padded on the right, where no token
            that is kept looks.
        kept (Tensor): Of which tokens it is wanted, shape (n, length - 1).
        """
        following = ids[:, 1:][kept]
        if self.head is None:
            logits = self.model(input_ids=ids, use_cache=False).logits
            found = log_softmax(logits[:, :-1][kept].float(), following)
        else:
            read = self.model.base_model(input_ids=ids, use_cache=False)
            hidden = read.last_hidden_state[:, :-1][kept]
            found = log_softmax_by_slices(hidden, following, self.head)
        scores = torch.zeros(kept.shape, device=ids.device)
        scores[kept] = found / log(2)
        return scores


def head_of(model: Any) -> nn.Linear | None:
    """The layer that makes a model's logits of its body's output; None where more is
    done to them (scaled, capped), which two tokens tell."""
    head = model.get_output_embeddings()
    if not isinstance(head, nn.Linear):
        return None
    ids = torch.arange(2, device=model.device)[None]
    with torch.inference_mode():
        read = model.base_model(input_ids=ids, use_cache=False)
        logits = model(input_ids=ids, use_cache=False).logits
        hidden = getattr(read, "last_hidden_state", None)
        alone = hidden is not None and torch.allclose(head(hidden), logits)
    return head if alone else None


def log_softmax(logits: Tensor, following: Tensor) -> Tensor:
    """ln p of the tokens that follow, shape (n,), of logits of shape (n, V)."""
    said = logits.gather(1, following[:, None])[:, 0]
    return said - logits.logsumexp(dim=1)


def log_softmax_by_slices(hidden: Tensor, following: Tensor, head: nn.Linear) -> Tensor:
    """`log_softmax` of `head(hidden)`, the logits of `SLICE` words at a time.

    hidden (Tensor): Shape (n, width).
    """
    said, sums = torch.zeros(len(hidden), device=hidden.device), []
    for first in range(0, head.out_features, SLICE):
        words = slice(first, first + SLICE)
        bias = None if head.bias is None else head.bias[words]
        logits = linear(hidden, head.weight[words], bias).float()
        sums.append(logits.logsumexp(dim=1))
        (here,) = torch.where((following >= first) & (following < first + SLICE))
        said[here] = logits[here, following[here] - first]
    return said - torch.stack(sums).logsumexp(dim=0)
