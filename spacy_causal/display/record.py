"""Where a Doc carries what was shown about it."""

from typing import Any

import numpy as np
from spacy.tokens import Doc

from spacy_causal.types import Candidates

ATTRIBUTE = "candidates"
KEY = "spacy_causal.candidates"


def register_extension() -> None:
    """Declare `doc._.candidates`, unless somebody has."""
    if not Doc.has_extension(ATTRIBUTE):
        Doc.set_extension(ATTRIBUTE, getter=get_candidates)


def set_candidates(doc: Doc, record: dict[str, Any]) -> None:
    """Let a Doc carry what was shown, as plain values that survive its serialisation.

    record (dict[str, Any]): "labels" (T names), "k", "unit", "seed", "round"; arrays
        "starts", "ends" (U,) on the Doc's tokens, "shown" (U, K) columns of "labels",
        "scores" and "display" (U, K), "scale" (U,), and maybe "propensities" (U, K).
    """
    register_extension()
    doc.user_data[KEY] = {**record, "n_tokens": len(doc)}


def get_record(doc: Doc) -> dict[str, Any] | None:
    """What `set_candidates` left, or None.

    Raises ValueError when the Doc has since been cut or merged.
    """
    record = doc.user_data.get(KEY)
    if record is not None and record["n_tokens"] != len(doc):
        raise ValueError(
            f"A Doc of {len(doc)} tokens carries candidates for {record['n_tokens']} "
            f"(was it cut or merged?): {doc.text[:60]!r}"
        )
    return record


def get_candidates(doc: Doc) -> list[Candidates]:
    """The getter of `doc._.candidates`: one entry a token or mention, by place."""
    record = get_record(doc)
    if record is None:
        return []
    labels = np.array(record["labels"], dtype=object)
    probabilities = record.get("propensities")
    return [
        Candidates(
            int(record["starts"][i]),
            int(record["ends"][i]),
            tuple(labels[shown]),
            record["scores"][i],
            record["display"][i],
            None if probabilities is None else probabilities[i],
        )
        for i, shown in enumerate(record["shown"])
    ]
