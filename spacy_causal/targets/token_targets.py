"""`TokenTargets`, and where a Doc carries them."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.types import Floats2d

ATTRIBUTE = "token_targets"
# Below this a row is a guess, not something that somebody said.
CERTAIN = 0.999
KEYS = ("scheme", "labels", "n_tokens", "token", "label", "probability")


@dataclass(frozen=True)
class TokenTargets:
    """A distribution over labels at each token of one layer of annotation.

    scheme (str): How labels are spelled: "token", "io", "bio" or "biluo".
    labels (tuple[str, ...]): The M label names the columns stand for.
    rows (Floats2d): float32, shape (n_tokens, M); each row sums to 1, or to 0 where
        nothing is known and so nothing is to be learnt.
    """

    scheme: str
    labels: tuple[str, ...]
    rows: Floats2d

    def __post_init__(self) -> None:
        rows = np.asarray(self.rows)
        if rows.ndim != 2 or rows.shape[1] != len(self.labels):
            raise ValueError(
                f"Token targets of shape {rows.shape} do not fit their "
                f"{len(self.labels)} labels: rows are (n_tokens, M)."
            )
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("Token targets name a label twice.")
        mass = rows.sum(axis=1)
        wrong = (rows < 0).any(axis=1) | ~np.isfinite(mass)
        wrong |= (abs(mass) > 1e-3) & (abs(mass - 1) > 1e-3)
        if wrong.any():
            token = int(wrong.argmax())
            raise ValueError(
                f"The target of token {token} is not a distribution: it sums to "
                f"{mass[token]:.4g}, and has to sum to 1 (or be all zeros: unknown)."
            )

    @property
    def certain(self) -> np.ndarray:
        """True where a row is one-hot, shape (n_tokens,)."""
        return np.asarray(self.rows.max(axis=1, initial=0) >= CERTAIN)

    def count_rows(self) -> tuple[int, int, int]:
        """How many rows are one-hot, how many soft and how many unknown."""
        certain, known = int(self.certain.sum()), int(self.rows.any(axis=1).sum())
        return certain, known - certain, len(self.rows) - known

    def to_dict(self) -> dict[str, Any]:
        """Sparse rows in plain values: all that survives a Doc's serialisation."""
        rows = np.asarray(self.rows, dtype=np.float32)
        token, label = np.nonzero(rows)
        return {
            "scheme": self.scheme,
            "labels": list(self.labels),
            "n_tokens": len(rows),
            "token": token.astype(np.int32),
            "label": label.astype(np.int32),
            "probability": rows[token, label],
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "TokenTargets":
        """The inverse of `to_dict`; the rows are a fresh, writable array.

        Raises ValueError for what `to_dict` does not write.
        """
        _require_keys(value)
        labels = tuple(value["labels"])
        _require_indices(value)
        rows = np.zeros((value["n_tokens"], len(labels)), dtype=np.float32)
        rows[value["token"], value["label"]] = value["probability"]
        return cls(value["scheme"], labels, rows)


def register_extension() -> None:
    """Declare `doc._.token_targets`, unless somebody has."""
    if not Doc.has_extension(ATTRIBUTE):
        Doc.set_extension(ATTRIBUTE, default=None)


def set_targets(doc: Doc, layer: str, targets: TokenTargets) -> None:
    """Let a Doc carry targets, and turn what they replace into missing annotation, so
    that targets which get lost on the way train nothing instead of a false "O".

    layer (str): "ner", "tag" or "pos".
    Raises ValueError when there is not one row a token.
    """
    register_extension()
    if len(targets.rows) != len(doc):
        raise ValueError(
            f"{len(targets.rows)} rows of token targets for a Doc of {len(doc)} "
            f"tokens: {doc.text[:60]!r}"
        )
    doc._.token_targets = {**(doc._.token_targets or {}), layer: targets.to_dict()}
    if layer == "ner":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            doc.set_ents([], default="missing")
    else:
        for token in doc:
            setattr(token, f"{layer}_", "")


def get_targets(doc: Doc, layer: str) -> TokenTargets | None:
    """The targets a Doc carries for a layer, or None.

    Raises ValueError, which names the Doc, for targets that are none or do not fit it.
    """
    register_extension()
    carried = doc._.token_targets
    if not carried:
        return None
    if not isinstance(carried, dict) or not isinstance(carried.get(layer, {}), dict):
        raise ValueError(
            "Token targets are dicts by layer, as set_targets writes them. Document: "
            f"{doc.text[:60]!r}"
        )
    if layer not in carried:
        return None
    try:
        targets = TokenTargets.from_dict(carried[layer])
    except ValueError as error:
        raise ValueError(f"{error} Document: {doc.text[:60]!r}") from error
    if len(targets.rows) != len(doc):
        raise ValueError(
            f"A Doc of {len(doc)} tokens carries {len(targets.rows)} rows of token "
            f"targets (was it cut or merged?): {doc.text[:60]!r}"
        )
    return targets


def slice_targets(carried: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    """What `doc[start:end]` carries of `doc._.token_targets`, for every layer."""
    return {layer: _sliced(value, start, end) for layer, value in carried.items()}


def _sliced(value: dict[str, Any], start: int, end: int) -> dict[str, Any]:
    """Without making the rows of the whole Doc, of which there may be many slices."""
    _require_keys(value)
    token = np.asarray(value["token"])
    inside = (start <= token) & (token < end)
    each = {key: np.asarray(value[key])[inside] for key in ("label", "probability")}
    n_tokens = min(end, value["n_tokens"]) - start
    return {**value, "n_tokens": n_tokens, "token": token[inside] - start, **each}


def _require_keys(value: dict[str, Any]) -> None:
    missing = [key for key in KEYS if key not in value]
    if missing:
        raise ValueError(f"Token targets lack {', '.join(missing)}.")


def _require_indices(value: dict[str, Any]) -> None:
    each = {key: len(value[key]) for key in ("token", "label", "probability")}
    if len(set(each.values())) > 1:
        raise ValueError(f"Token targets are not of one length: {each}.")
    for key, n in (("token", value["n_tokens"]), ("label", len(value["labels"]))):
        indices = np.asarray(value[key])
        outside = indices[(indices < 0) | (indices >= n)]
        if outside.size:
            raise ValueError(
                f"Token targets name the {key} {outside[0]}, which is out of bounds: "
                f"there are {n}, counted from 0."
            )
