"""Token labellers: an encoder of Docs and a head that scores each token."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from spacy.attrs import LOWER
from spacy.strings import get_string_id
from spacy.tokens import Doc
from thinc.api import Dropout, Model, torch2xp, xp2torch
from thinc.types import Floats2d, Ints1d

from spacy_causal.ml.deconfounding import Adjustment, DeconfoundingHead, LinearHead
from spacy_causal.ml.head import (
    HeadInput,
    device_of,
    module_of,
    resize_head,
    torch_head,
)
from spacy_causal.types import Confounder, TokenScores

TaggerModel = Model[list[Doc], TokenScores]
Encoder = Model[list[Doc], list[Floats2d]]


def build_linear_tagger(tok2vec: Encoder, nO: int | None = None) -> TaggerModel:
    """A plain linear layer over the encoder's vectors.

    tok2vec (Model[list[Doc], list[Floats2d]]): The encoder, or a listener to one.
    nO (int | None): The number of tags; the component sets it.
    """
    return token_labeller(tok2vec, torch_head("linear_head", _make_linear), nO)


def build_deconfounded_tagger(
    tok2vec: Encoder,
    attention_width: int = 64,
    adjustment: Adjustment = "approximate",
    scale: bool = False,
    nO: int | None = None,
) -> TaggerModel:
    """The deconfounding layer of CITISL (Findings of EMNLP 2022, eqs. 1 and 2).

    tok2vec (Model[list[Doc], list[Floats2d]]): The encoder, or a listener to one.
    attention_width (int): Rows of W_x and W_z.
    adjustment (str): "approximate" moves the sum over confounders inside the softmax,
        as the paper does; "exact" averages the softmax over P(z).
    scale (bool): Multiply the approximate form's context term by Z.
    nO (int | None): The number of tags; the component sets it.
    """
    make_head = partial(
        DeconfoundingHead,
        attention_width=attention_width,
        adjustment=adjustment,
        scale=scale,
    )
    return token_labeller(tok2vec, torch_head("deconfounding_head", make_head), nO)


def _make_linear(width: int, n_tags: int) -> LinearHead:
    return LinearHead(width, n_tags)


def token_labeller(
    tok2vec: Encoder, head: Model[HeadInput, TokenScores], nO: int | None
) -> TaggerModel:
    """An encoder, dropout on what it gives, and a head."""
    model: TaggerModel = Model(
        "token_labeller",
        forward,
        init=init,
        layers=[tok2vec, Dropout(), head],
        refs={"tok2vec": tok2vec, "output_layer": head},
        dims={"nO": nO},
        attrs={
            "resize_output": resize_output,
            "set_confounders": set_confounders,
            "observe": observe,
            "confounder_effects": confounder_effects,
        },
    )
    return model


def init(
    model: TaggerModel, X: list[Doc] | None = None, Y: Sequence | None = None
) -> None:
    """Initialise the encoder, then the head for what the encoder gives."""
    tok2vec, _, head = model.layers
    tok2vec.initialize(X=X)
    sample = [doc for doc in X or [] if len(doc)][:1]
    width = tok2vec.predict(sample)[0].shape[1] if sample else tok2vec.get_dim("nO")
    head.set_dim("nI", width, force=True)
    head.set_dim("nO", model.get_dim("nO"), force=True)
    head.initialize()


def forward(
    model: TaggerModel, docs: list[Doc], is_train: bool
) -> tuple[TokenScores, Callable[[Floats2d], list[Doc]]]:
    """Score the tokens of a batch; the callback takes dL/dlogits, shape (N, M)."""
    tok2vec, dropout, head = model.layers
    vectors, backprop_vectors = tok2vec(docs, is_train)
    lengths = [len(doc) for doc in docs]
    # An empty document's vectors may have any width, or none.
    stacked = model.ops.xp.vstack([part for part in vectors if len(part)])
    X, backprop_dropout = dropout(stacked, is_train)
    scores, backprop_head = head((X, own_positions(model, docs), lengths), is_train)

    def backprop(d_logits: Floats2d) -> list[Doc]:
        dX = backprop_dropout(backprop_head(d_logits))
        return backprop_vectors(model.ops.unflatten(dX, model.ops.asarray1i(lengths)))

    return scores, backprop


def own_positions(model: TaggerModel, docs: Sequence[Doc]) -> Ints1d:
    """Each token's own place in the dictionary of confounders or −1, shape (N,)."""
    head = module_of(model.get_ref("output_layer"))
    n_tokens = sum(len(doc) for doc in docs)
    if not n_tokens or not len(getattr(head, "words", ())):
        return model.ops.xp.full(n_tokens, -1, dtype="int32")
    words = head.words.cpu().numpy().view(np.uint64)
    lower = np.concatenate([doc.to_array(LOWER) for doc in docs if len(doc)])
    order = np.argsort(words)
    at = order[np.minimum(np.searchsorted(words[order], lower), len(words) - 1)]
    return model.ops.asarray1i(np.where(words[at] == lower, at, -1))


def resize_output(model: TaggerModel, n_tags: int) -> TaggerModel:
    """Make room for more tags, in place."""
    resize_head(model.get_ref("output_layer"), n_tags)
    model.set_dim("nO", n_tags, force=True)
    return model


def set_confounders(
    model: TaggerModel, confounders: Sequence[Confounder], absent: float
) -> None:
    """Write the dictionary and P(z) into the head; its vectors are yet to be seen.

    absent (float): The share of sentences without any confounder.
    """
    layer = model.get_ref("output_layer")
    head, device = module_of(layer), device_of(layer)
    if not isinstance(head, DeconfoundingHead):
        return
    hashes = np.array([get_string_id(c.word) for c in confounders], dtype=np.uint64)
    prior = [c.probability for c in confounders]
    width = head.vectors.shape[1]
    head.words = torch.from_numpy(hashes.view(np.int64).copy()).to(device)
    head.prior = torch.tensor(prior, dtype=torch.float32, device=device)
    head.absent = torch.tensor(absent, dtype=torch.float32, device=device)
    head.vectors = torch.zeros(len(confounders), width, device=device)
    head.counts = torch.zeros(len(confounders), device=device)


def observe(
    model: TaggerModel, docs: Sequence[Doc], hidden: Floats2d, memory: float = 1000.0
) -> None:
    """Move the confounders' vectors towards what the encoder gave at them.

    hidden (Floats2d): `TokenScores.hidden` of these docs; its first D columns are
        the encoder's output.
    """
    layer = model.get_ref("output_layer")
    head, device = module_of(layer), device_of(layer)
    if not isinstance(head, DeconfoundingHead) or not len(head.words):
        return
    vectors = xp2torch(hidden, device=device)[:, : head.vectors.shape[1]]
    own = xp2torch(own_positions(model, docs), device=device).long()
    head.observe(vectors, own, memory)


def confounder_effects(model: TaggerModel) -> Floats2d:
    """How far each confounder, fully attended to, moves each tag's logit from the mean
    tag's, shape (Z, M); no rows where the head has no confounders."""
    head = module_of(model.get_ref("output_layer"))
    if not isinstance(head, DeconfoundingHead):
        return model.ops.alloc2f(0, model.get_dim("nO"))
    with torch.no_grad():
        of_context = head.output.weight[:, head.vectors.shape[1] :]
        moved = head.vectors @ of_context.T
        if head.adjustment == "approximate":
            moved = moved * head.prior[:, None] * (len(head.words) if head.scale else 1)
        return torch2xp(moved - moved.mean(dim=1, keepdim=True))
