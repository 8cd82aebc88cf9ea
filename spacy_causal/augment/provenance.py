"""Where a generated Doc comes from: `doc._.counterfactual`."""

from typing import Any, NamedTuple

from spacy.strings import get_string_id
from spacy.tokens import Doc

ATTRIBUTE = "counterfactual"
USER_DATA_KEY = ("._.", ATTRIBUTE, None, None)


class Swapped(NamedTuple):
    """One mention that was swapped.

    source_start, source_end (int): Its tokens in the source, half-open.
    start, end (int): The donor's tokens in the new Doc, half-open.
    text, donor (str): What stood there, and what stands there now.
    """

    source_start: int
    source_end: int
    start: int
    end: int
    label: str
    text: str
    donor: str


def register_counterfactual() -> None:
    """Declare `doc._.counterfactual`, unless somebody has."""
    if not Doc.has_extension(ATTRIBUTE):
        Doc.set_extension(ATTRIBUTE, default=None)


def source_id(doc: Doc) -> str:
    """What a Doc is known by in the provenance of others: a hash of its text."""
    return text_id(doc.text)


def text_id(text: str) -> str:
    """A hash of a text in 16 digits."""
    return f"{get_string_id(text):016x}"


def get_provenance(doc: Doc) -> dict[str, Any] | None:
    """A generated Doc's "source", "swaps", "dropped" (annotation that the swap left no
    place for) and "score"; None for any other Doc."""
    data: dict[Any, Any] = doc.user_data
    return data.get(USER_DATA_KEY)


def set_provenance(
    doc: Doc, source: str, swapped: list[Swapped], *, dropped: int
) -> None:
    """Note where a Doc comes from, in plain values that survive serialisation."""
    register_counterfactual()
    swaps = [dict(zip(Swapped._fields, swap, strict=True)) for swap in swapped]
    values = {"source": source, "swaps": swaps, "dropped": dropped, "score": None}
    data: dict[Any, Any] = doc.user_data
    data[USER_DATA_KEY] = values


def set_score(doc: Doc, score: float | None) -> None:
    """Note what a screen thought of a generated Doc."""
    data: dict[Any, Any] = doc.user_data
    data[USER_DATA_KEY] = {**data[USER_DATA_KEY], "score": score}


def swaps_of(doc: Doc) -> list[Swapped]:
    """The swaps that made a Doc, in the order of its text."""
    return [Swapped(**swap) for swap in (get_provenance(doc) or {}).get("swaps", ())]
