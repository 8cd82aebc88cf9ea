"""Where a mixed Doc comes from: `doc._.seqmix`."""

from typing import Any

from spacy.tokens import Doc

ATTRIBUTE = "seqmix"
USER_DATA_KEY = ("._.", ATTRIBUTE, None, None)


def register_seqmix() -> None:
    """Declare `doc._.seqmix`, unless somebody has."""
    if not Doc.has_extension(ATTRIBUTE):
        Doc.set_extension(ATTRIBUTE, default=None)


def get_mix(doc: Doc) -> dict[str, Any] | None:
    """How a mixed Doc was made, in plain values; None for any other Doc.

    "layer", "parents" (the ids of two Docs, see `source_id`; the first is the one whose
    other tokens it keeps), "windows" ([start, end] in each), "weight" (the first's
    share: λ or 1 − λ), "replaced" (what stood there in each), "tokens" (what stands
    there now), "labels" (the soft label of each, by name) and "perplexity" (None where
    nothing screened).
    """
    data: dict[Any, Any] = doc.user_data
    return data.get(USER_DATA_KEY)


def set_mix(doc: Doc, **values: Any) -> None:
    """Note how a Doc was made."""
    register_seqmix()
    data: dict[Any, Any] = doc.user_data
    data[USER_DATA_KEY] = {**values, "perplexity": None}


def forget_mix(doc: Doc) -> None:
    """Say no more how a Doc was made, of which that is no longer true."""
    data: dict[Any, Any] = doc.user_data
    data.pop(USER_DATA_KEY, None)


def set_perplexity(doc: Doc, perplexity: float | None) -> None:
    """Note what a screen found."""
    data: dict[Any, Any] = doc.user_data
    data[USER_DATA_KEY] = {**data[USER_DATA_KEY], "perplexity": perplexity}
