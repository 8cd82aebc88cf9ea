"""`spacy-causal.causal_lm_perplexity.v1`: any causal language model of transformers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from spacy.tokens import Doc
from thinc.types import Floats1d

from spacy_causal.augment.perplexity.screen import (
    FitScreen,
    Unit,
    check_range,
    highest,
    percentile_bounds,
    perplexity,
    screen_of,
)
from spacy_causal.types import Precision, Screen, require_precision


def create_causal_lm_perplexity(
    model: str = "gpt2",
    *,
    low: float = 0.0,
    high: float | None = None,
    unit: Unit = "perplexity",
    precision: Precision = "float32",
    batch_tokens: int = 512,
    device: str = "cpu",
) -> FitScreen:
    """Keep texts whose perplexity lies in a range.

    SeqMix (EMNLP 2020), eqs. (9) and (10), in base 2 over the model's own tokens. The
    tokenizer's BOS token (GPT-2: "<|endoftext|>") is put before a text, so that its
    first token has a probability and counts; where there is no BOS token it does not.

    model (str): A name on the model hub, or a folder; loaded at the first call.
    low, high (float): The range; high is 500 as a perplexity, 95 as a percentile where
        it is None. 500 is the paper's for GPT-2 and means nothing to another model.
    unit (str): "perplexity", or "percentile" of the labelled texts' own, each
        as many times as it has words.
    precision (str): "bfloat16" is coarser, and faster where the processor multiplies
        tiles of it (AMX); elsewhere it may be slower.
    batch_tokens (int): Tokens of a batch, with what pads them.
    RETURNS (FitScreen): A function of labelled Docs that gives a Screen.
    Raises ValueError for a range that is none.
    """
    high = highest(high, unit)
    return FitCausalLM(model, low, high, unit, precision, batch_tokens, device)


@dataclass(frozen=True)
class FitCausalLM:
    """See `create_causal_lm_perplexity`."""

    model: str
    low: float
    high: float
    unit: Unit
    precision: Precision
    batch_tokens: int
    device: str

    def __post_init__(self) -> None:
        check_range(self.low, self.high, self.unit)
        require_precision(self.precision)

    def __call__(self, docs: Sequence[Doc]) -> Screen:
        """Read the labelled texts where the range is relative to them."""
        bounds = self.low, self.high
        if self.unit == "percentile":
            lengths = [len(doc) for doc in docs]
            bounds = percentile_bounds(self.perplexities(docs), lengths, *bounds)
        return screen_of(self.perplexities, bounds)

    def perplexities(self, docs: Sequence[Doc]) -> list[float]:
        """One for each Doc, by its text."""
        texts = [doc.text for doc in docs]
        scored = self._loaded.log2(texts, batch_tokens=self.batch_tokens)
        return [perplexity(log2) for log2 in scored]

    @cached_property
    def _loaded(self) -> "CausalLM":
        return CausalLM.load(self.model, self.precision, self.device)


class Piece(NamedTuple):
    """What the model reads at once of a text.

    text (int): Which one.
    ids (list[int]): Tokens, the first of them as context alone.
    first (int): The first that is scored here.
    """

    text: int
    ids: list[int]
    first: int


class CausalLM:
    """A causal language model that scores texts.

    model, tokenizer (Any): Of transformers.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        from spacy_causal.augment.perplexity.next_token import NextToken

        self.model = model.eval()
        self.tokenizer = tokenizer
        self._next = NextToken(self.model)

    @classmethod
    def load(
        cls, name: str, precision: Precision = "float32", device: str = "cpu"
    ) -> "CausalLM":
        """Load a model by its name or folder.

        Raises ImportError where transformers is not installed, OSError where there is
        no such model.
        """
        import torch

        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise ImportError(
                "A causal language model takes transformers: "
                "pip install 'spacy-causal[transformers]'"
            ) from error
        dtype = getattr(torch, precision)
        model = AutoModelForCausalLM.from_pretrained(name, torch_dtype=dtype)
        return cls(model.to(device), AutoTokenizer.from_pretrained(name))

    @property
    def context(self) -> int:
        """How many tokens the model reads at once."""
        return int(getattr(self.model.config, "max_position_embeddings", 1024))

    def log2(self, texts: Sequence[str], *, batch_tokens: int = 512) -> list[Floats1d]:
        """log₂ p(w_i | w_<i) of the tokens of each text, in batches by length.

        A text longer than the model's context is read in windows that overlap by half,
        so that each token is scored once, behind half a context at least.
        """
        if not texts:
            return []
        encoded = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        bos = self.tokenizer.bos_token_id
        pieces = [
            piece
            for text, ids in enumerate(encoded)
            for piece in cut(text, ids if bos is None else [bos, *ids], self.context)
        ]
        found: list[list[Floats1d]] = [[] for _ in texts]
        order = sorted(range(len(pieces)), key=lambda i: len(pieces[i].ids))
        scores: dict[int, Floats1d] = {}
        for batch in _batches(order, pieces, batch_tokens):
            read = self._read([pieces[i].ids for i in batch])
            for i, row in zip(batch, read, strict=True):
                # A row's score at t is that of token t + 1.
                scores[i] = row[pieces[i].first - 1 : len(pieces[i].ids) - 1]
        for i, piece in enumerate(pieces):
            found[piece.text].append(scores[i])
        none = np.zeros(0, dtype=np.float32)
        return [np.concatenate(parts) if parts else none for parts in found]

    def _read(self, rows: Sequence[list[int]]) -> Floats1d:
        import torch

        width = max(map(len, rows))
        ids = torch.zeros((len(rows), width), dtype=torch.long)
        kept = torch.zeros((len(rows), width - 1), dtype=torch.bool)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = torch.tensor(row)
            kept[i, : len(row) - 1] = True
        device = self.model.device
        with torch.inference_mode():
            return self._next.log2(ids.to(device), kept.to(device)).cpu().numpy()


def cut(text: int, ids: list[int], context: int) -> Iterator[Piece]:
    """The windows of a text's tokens: each but the first of them is scored once."""
    if len(ids) < 2:
        return
    yield Piece(text, ids[:context], 1)
    done = context
    while done < len(ids):
        start = done - max(1, context // 2)
        yield Piece(text, ids[start : start + context], done - start)
        done = start + context


def _batches(
    order: Sequence[int], pieces: Sequence[Piece], batch_tokens: int
) -> Iterator[list[int]]:
    """Pieces of like length, as many as fit; at least one."""
    batch: list[int] = []
    for i in order:
        if batch and (len(batch) + 1) * len(pieces[i].ids) > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
