"""The deconfounding layer and the plain one, as torch modules with one interface."""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Adjustment = Literal["approximate", "exact"]
BUFFERS = ("words", "prior", "absent", "vectors", "counts")


class HeadOutput(NamedTuple):
    """Logits (N, M), the last layer's input (N, D'), attention (N, Z) or none."""

    logits: Tensor
    hidden: Tensor
    attention: Tensor | None


def importance(queries: Tensor, keys: Tensor, own: Tensor) -> Tensor:
    """How much each confounder matters for each token.

    CITISL (Findings of EMNLP 2022), eq. 2: α_i(z_j) = softmax_j((W_x E)ᵀ(W_z z_j)),
    with the token itself left out of its own context.

    queries (Tensor): W_x E, shape (N, A).
    keys (Tensor): W_z z_j, shape (Z, A).
    own (Tensor): The token's own place in the dictionary or −1, shape (N,).
    RETURNS (Tensor): Shape (N, Z), rows summing to 1.
    """
    scores = queries @ keys.T
    if len(keys) > 1:
        itself = torch.nonzero(own >= 0).squeeze(1)
        scores[itself, own[itself]] = -torch.inf
    return torch.softmax(scores, dim=1)


def backdoor_context(attention: Tensor, prior: Tensor, vectors: Tensor) -> Tensor:
    """The context term of CITISL, eq. 1: Σ_j P(z_j) α_i(z_j) z_j.

    attention (Tensor): Shape (N, Z). prior (Tensor): Shape (Z,).
    vectors (Tensor): Shape (Z, D). RETURNS (Tensor): Shape (N, D).
    """
    return (attention * prior) @ vectors


def exact_adjustment(
    from_token: Tensor, from_context: Tensor, prior: Tensor, own: Tensor
) -> Tensor:
    """log P(Y|do(E)) = log Σ_z P(z) softmax(W_c [x; z]), CITISL, eq. 1, not moved
    inside the softmax; over the other z where the token itself is one.

    from_token (Tensor): The part of the logits due to x, shape (N, M).
    from_context (Tensor): The part due to each z, shape (Z, M).
    prior (Tensor): Shape (Z,), summing to 1.
    own (Tensor): The token's own place among them or −1, shape (N,).
    RETURNS (Tensor): Shape (N, M).

    exp(x + z) is a product, so two matrix products do it, in float64 and without the
    (N, Z, M) array of the sum as it is written.
    """
    token = (from_token - from_token.amax(dim=1, keepdim=True)).double()
    context = from_context - from_context.amax(dim=1, keepdim=True)
    exp_context = context.double().exp()
    weights = prior.double() / (token.exp() @ exp_context.T).clamp(min=1e-300)
    # Nothing is left out where there is no other one.
    itself = (own >= 0) & (prior[own] < 1)
    weights[itself, own[itself]] = 0
    weights[itself] /= 1 - prior[own[itself], None].double()
    log_p = token + torch.log((weights @ exp_context).clamp(min=1e-300))
    return log_p.to(from_token.dtype)


def present_context(
    vectors: Tensor, own: Tensor, lengths: list[int], fallback: Tensor
) -> Tensor:
    """The mean vector of the confounders in each token's sentence, itself left out.

    vectors (Tensor): Shape (Z, D). own (Tensor): Shape (N,), −1 where none.
    fallback (Tensor): z₀ where a sentence has no confounder, shape (D,).
    RETURNS (Tensor): Shape (N, D).
    """
    if not len(vectors):
        return fallback.expand(len(own), -1)
    sentence = torch.repeat_interleave(
        torch.arange(len(lengths), device=own.device),
        torch.tensor(lengths, device=own.device),
    )
    is_word = (own >= 0).to(vectors.dtype)[:, None]
    # −1 takes the last vector, times 0.
    each = vectors[own] * is_word
    sums = vectors.new_zeros(len(lengths), each.shape[1]).index_add(0, sentence, each)
    counts = vectors.new_zeros(len(lengths), 1).index_add(0, sentence, is_word)
    others = counts[sentence] - is_word
    mean = (sums[sentence] - each) / others.clamp(min=1)
    return torch.where(others > 0, mean, fallback)


class LinearHead(nn.Module):
    """A plain linear layer over token vectors, shape (N, D) → (N, M)."""

    def __init__(self, width: int, n_tags: int):
        super().__init__()
        self.output = nn.Linear(width, n_tags)
        nn.init.zeros_(self.output.bias)

    def forward(self, X: Tensor, own: Tensor, lengths: list[int]) -> HeadOutput:
        """Score each token from its vector alone."""
        return HeadOutput(self.output(X), X, None)


class DeconfoundingHead(nn.Module):
    """Backdoor adjustment over a dictionary of confounders (CITISL, section 4.1).

    The dictionary's vectors are a running mean of what the encoder gave at those
    words: buffers, which `observe` alone changes and no gradient reaches.

    adjustment (str): The exact form is trained with the confounders that are present,
        so in training mode its logits are P(Y|E, z), not yet averaged over P(z).
    scale (bool): Multiply the context term by Z, since P(z) makes it small.
    """

    words: Tensor
    prior: Tensor
    absent: Tensor
    vectors: Tensor
    counts: Tensor

    def __init__(
        self,
        width: int,
        n_tags: int,
        attention_width: int,
        adjustment: Adjustment,
        scale: bool,
        n_words: int = 0,
    ):
        super().__init__()
        self.adjustment, self.scale = adjustment, scale
        self.output = nn.Linear(2 * width, n_tags)
        nn.init.zeros_(self.output.bias)
        self.query = nn.Linear(width, attention_width, bias=False)
        self.key = nn.Linear(width, attention_width, bias=False)
        self.nothing = nn.Parameter(torch.zeros(width))
        self.register_buffer("words", torch.zeros(n_words, dtype=torch.int64))
        self.register_buffer("prior", torch.zeros(n_words))
        self.register_buffer("absent", torch.zeros(()))
        self.register_buffer("vectors", torch.zeros(n_words, width))
        self.register_buffer("counts", torch.zeros(n_words))

    def forward(self, X: Tensor, own: Tensor, lengths: list[int]) -> HeadOutput:
        """Score each token by P(Y|do(E))."""
        if self.adjustment == "exact":
            return self._exact(X, own, lengths)
        if not len(self.words):
            features = torch.cat([X, torch.zeros_like(X)], dim=1)
            return HeadOutput(self.output(features), features, None)
        attention = importance(self.query(X), self.key(self.vectors), own)
        context = backdoor_context(attention, self.prior, self.vectors)
        context = context * len(self.words) if self.scale else context
        features = torch.cat([X, context], dim=1)
        return HeadOutput(self.output(features), features, attention)

    def _exact(self, X: Tensor, own: Tensor, lengths: list[int]) -> HeadOutput:
        width = X.shape[1]
        of_token, of_context = self.output.weight.split(width, dim=1)
        from_token = F.linear(X, of_token, self.output.bias)
        if self.training:
            seen = present_context(self.vectors, own, lengths, self.nothing)
            return HeadOutput(from_token + F.linear(seen, of_context), X, None)
        contexts = torch.cat([self.vectors, self.nothing[None]])
        absent = self.absent if len(self.words) else torch.ones_like(self.absent)
        prior = torch.cat([self.prior * (1 - absent), absent[None]])
        logits = exact_adjustment(
            from_token, F.linear(contexts, of_context), prior, own
        )
        return HeadOutput(logits, X, None)

    @torch.no_grad()
    def observe(self, X: Tensor, own: Tensor, memory: float) -> None:
        """Move the running means towards the encoder's output at the confounders.

        memory (float): How many observations the mean remembers.
        """
        seen = torch.nonzero(own >= 0).squeeze(1)
        sums = torch.zeros_like(self.vectors).index_add(0, own[seen], X[seen])
        n = torch.zeros_like(self.counts)
        n = n.index_add(0, own[seen], torch.ones_like(own[seen], dtype=n.dtype))
        total = (self.counts + n).clamp(max=memory)
        weight = (n / total.clamp(min=1)).clamp(max=1)[:, None]
        self.vectors += weight * (sums / n.clamp(min=1)[:, None] - self.vectors)
        self.counts.copy_(total)
