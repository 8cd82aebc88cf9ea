"""Empty tokens in a Hugging Face transformer: its wordpieces' embeddings are zero."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc
from spacy_transformers.align import get_alignment, get_alignment_via_offset_mapping
from spacy_transformers.data_classes import WordpieceBatch
from spacy_transformers.layers.transformer_model import huggingface_tokenize
from spacy_transformers.truncate import truncate_oversize_splits
from thinc.api import Model

from spacy_causal.effects.masks import Mask, empty_tokens

# The batch that this thread's forward pass is at, shape (S, L).
_PIECES: ContextVar[NDArray[np.bool_] | None] = ContextVar("pieces", default=None)


def forward_wordpieces(
    model: Model, docs: Sequence[Doc], is_train: bool, *, encode: Callable[..., Any]
) -> Any:
    """Encode a batch, the wordpieces of marked tokens empty. Training passes are left
    alone."""
    masks = None if is_train else empty_tokens(docs)
    if masks is None:
        return encode(model, docs, is_train)
    with _pieces_marked(empty_pieces(model, docs, masks)):
        return encode(model, docs, is_train)


def hook_embedding(model: Model) -> Callable[[], None]:
    """Zero marked wordpieces where the transformer looks its words up; positions,
    segments and special tokens keep their embeddings.

    RETURNS (Callable): Takes the hook off.
    """
    embedding = model.transformer.get_input_embeddings()  # type: ignore[attr-defined]
    return embedding.register_forward_hook(_zero_pieces).remove


def empty_pieces(
    model: Any, docs: Sequence[Doc], masks: Sequence[Mask]
) -> NDArray[np.bool_]:
    """Which wordpieces to empty, as the model will cut them, shape (S, L).

    A piece that stands over an empty token and another is emptied, so that nothing of
    an empty token is left. *Shape:* S spans of the documents, L wordpieces.
    """
    spans = [span for doc_spans in model.attrs["get_spans"](docs) for span in doc_spans]
    pieces, align = _cut(model.tokenizer, spans)
    tokens_of = {id(doc): mask for doc, mask in zip(docs, masks, strict=True)}
    # The alignment has all tokens of each Doc that has a span, in order of the spans.
    in_order = {id(span.doc): tokens_of[id(span.doc)] for span in spans}
    empty = np.concatenate([*in_order.values(), np.zeros(0, dtype=bool)])
    marked = np.zeros(pieces.input_ids.shape, dtype=bool)
    over = np.repeat(empty, np.asarray(align.lengths))
    marked.reshape(-1)[np.asarray(align.dataXd).reshape(-1)[over]] = True
    return marked


def _cut(tokenizer: Any, spans: list) -> tuple[WordpieceBatch, Any]:
    """What spacy-transformers does before its model runs."""
    encoding = huggingface_tokenize(tokenizer, [span.text for span in spans])
    pieces = WordpieceBatch.from_batch_encoding(encoding)
    if "offset_mapping" in encoding:
        align = get_alignment_via_offset_mapping(spans, encoding["offset_mapping"])
    else:
        align = get_alignment(spans, pieces.strings, tokenizer.all_special_tokens)
    return truncate_oversize_splits(pieces, align, tokenizer.model_max_length)


@contextmanager
def _pieces_marked(marked: NDArray[np.bool_]) -> Iterator[None]:
    token = _PIECES.set(marked)
    try:
        yield
    finally:
        _PIECES.reset(token)


def _zero_pieces(module: Any, inputs: Any, output: Any) -> Any:
    marked = _PIECES.get()
    if marked is None:
        return None
    if marked.shape != tuple(output.shape[:2]):
        raise RuntimeError(
            f"The transformer looked up wordpieces of shape {tuple(output.shape[:2])}, "
            f"not {marked.shape}: its spans or its tokenizer are not deterministic."
        )
    kept = output.new_tensor(~marked)
    return output * kept.unsqueeze(-1)
