"""An encoder that was run beforehand: it reads `doc.tensor`."""

from collections.abc import Callable, Sequence

from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

DocTensor = Model[list[Doc], list[Floats2d]]


def build_doc_tensor(width: int | None = None) -> DocTensor:
    """Features computed beforehand, one row a token in `doc.tensor`: a frozen encoder
    is run once however long the head is trained. Nothing can intervene on the words.

    width (int | None): Columns of `doc.tensor`; None reads it off the data.
    """
    return Model("doc_tensor", forward, init=init, dims={"nO": width})


def init(
    model: DocTensor, X: list[Doc] | None = None, Y: Sequence | None = None
) -> None:
    """Read the width off the first document that has tokens."""
    sample = [doc for doc in X or [] if len(doc)]
    if model.has_dim("nO") is None and sample:
        _require_tensor(sample[0])
        model.set_dim("nO", sample[0].tensor.shape[1])


def forward(
    model: DocTensor, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Each document's features, shape (n, D); no gradient goes further."""
    width = model.get_dim("nO")
    features = []
    for doc in docs:
        if not len(doc):
            features.append(model.ops.alloc2f(0, width))
            continue
        _require_tensor(doc)
        if doc.tensor.shape != (len(doc), width):
            raise ValueError(
                f"doc.tensor has the shape {doc.tensor.shape}, not one row of {width} "
                f"features for each of {len(doc)} tokens: {doc.text[:60]!r}"
            )
        features.append(model.ops.asarray2f(doc.tensor))
    return features, lambda d_features: []


def _require_tensor(doc: Doc) -> None:
    """Raise ValueError where there are none, or nothing but zeros."""
    if doc.tensor.ndim != 2 or not doc.tensor.any():
        raise ValueError(
            "spacy-causal.DocTensor.v1 reads features computed beforehand, and "
            f"doc.tensor has none: {doc.text[:60]!r}"
        )
