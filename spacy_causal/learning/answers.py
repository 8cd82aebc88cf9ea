"""`Answer`: what somebody said about a token or a mention, and what they were shown."""

from dataclasses import asdict, dataclass, fields
from operator import index
from typing import Any, Literal, get_args

from spacy_causal.types import NONE_OF_THESE

Unit = Literal["token", "mention"]
OUTSIDE = "O"


@dataclass(frozen=True)
class Answer:
    """One answered question.

    doc (str): The key of the text it was asked about.
    start, end (int): The half-open span of tokens asked about.
    shown (tuple[str, ...]): The K types that were offered, in the order shown.
    chosen (str | None): The type, "O" for none at all, or None for "none of these".
        A type that was not among the shown was picked from the list of all.
    unit (str): "token" (which type does this token bear?) or "mention" (which type
        is the mention that these tokens are?).
    seed, round (int): What the noise that chose the shown types was drawn from.
    propensities (tuple[float, ...] | None): The probability with which each shown type
        came to be shown; one more, at the end, for a chosen type that was not.

    numpy's numbers, as in `doc._.candidates`, become Python's, so that it can be
    written down.
    """

    doc: str
    start: int
    end: int
    shown: tuple[str, ...]
    chosen: str | None
    unit: Unit = "token"
    seed: int = 0
    round: int = 0
    propensities: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.shown, str):
            raise ValueError(f"What was shown is a tuple of types, not {self.shown!r}.")
        object.__setattr__(self, "shown", tuple(self.shown))
        for name in ("start", "end", "seed", "round"):
            object.__setattr__(self, name, index(getattr(self, name)))
        if self.propensities is not None:
            plain = tuple(float(p) for p in self.propensities)
            object.__setattr__(self, "propensities", plain)
        problem = _problem(self)
        if problem:
            where = f"{self.start}:{self.end} of {self.doc[:60]!r}"
            raise ValueError(f"The answer about tokens {where} {problem}.")

    @property
    def propensity(self) -> float | None:
        """The probability that the chosen type was shown, where it is known."""
        if self.chosen is None or self.propensities is None:
            return None
        types = (*self.shown, *({self.chosen} - set(self.shown)))
        return dict(zip(types, self.propensities, strict=False)).get(self.chosen)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        lists = {"shown": list(self.shown)}
        if self.propensities is not None:
            lists["propensities"] = list(self.propensities)  # type: ignore[arg-type]
        return {**asdict(self), **lists}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Answer":
        """The inverse of `to_dict`; what is left out takes its default."""
        known = {field.name for field in fields(cls)}
        missing = [x for x in ("doc", "start", "end", "shown", "chosen")
                   if x not in value]  # fmt: skip
        unknown = [name for name in value if name not in known]
        if missing or unknown:
            lacks = f"lacks {', '.join(missing)}" if missing else ""
            has = f"has an unknown {', '.join(unknown)}" if unknown else ""
            raise ValueError(f"An answer {' and '.join(filter(None, [lacks, has]))}.")
        return cls(**value)


def _problem(answer: Answer) -> str | None:
    if not 0 <= answer.start < answer.end:
        return "is about no tokens: a span is half-open, 0 <= start < end"
    if answer.unit not in get_args(Unit):
        return f"has the unit {answer.unit!r}: one of {', '.join(get_args(Unit))}"
    if answer.unit == "token" and answer.end != answer.start + 1:
        return "is about one token, and names several"
    if len(set(answer.shown)) != len(answer.shown):
        return "was shown a type twice"
    if answer.chosen is None and not answer.shown:
        return "says none of these, and nothing was shown"
    if answer.chosen == "" or "" in answer.shown:
        return "names a type without a name"
    if NONE_OF_THESE in (answer.chosen, *answer.shown):
        return f"names the type {NONE_OF_THESE!r}: that is chosen=None, and never shown"
    return _problem_of_propensities(answer)


def _problem_of_propensities(answer: Answer) -> str | None:
    if answer.propensities is None:
        return None
    beside = answer.chosen is not None and answer.chosen not in answer.shown
    if len(answer.propensities) - len(answer.shown) not in (0, int(beside)):
        n, k = len(answer.propensities), len(answer.shown)
        return f"has {n} propensities for {k} types that were shown"
    if not all(0 < p <= 1 for p in answer.propensities):
        return "has a propensity that is no probability above 0"
    return None
