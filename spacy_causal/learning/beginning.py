"""What a session begins from: the first thing that its journal says."""

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any

from spacy.language import Language

from spacy_causal.learning.journal import BEGUN
from spacy_causal.learning.settings import LearnerSettings
from spacy_causal.learning.weights import digest_of_weights


def beginning_of(
    nlp: Language,
    component: str,
    pipes: Sequence[str],
    settings: LearnerSettings,
    seed: int,
) -> dict[str, Any]:
    """The record of a session that begins with the pipeline as it is now.

    pipes (Sequence[str]): The component and the encoders that it listens to.
    """
    pipe: Any = nlp.get_pipe(component)
    return {
        "event": BEGUN,
        "component": component,
        "labels": list(pipe.labels),
        "weights": digest_of_weights(nlp, pipes),
        "seed": seed,
        "settings": {name: _plain(x) for name, x in settings.to_dict().items()},
    }


def require_beginning(
    records: Iterable[dict[str, Any]], mine: dict[str, Any], name: object
) -> None:
    """Raise ValueError if a journal began with another beginning than `mine`: its
    answers would then be taught to another model, or a second time to one that has
    already learnt them. A journal without records goes with any beginning.

    name (object): The journal's, for the message.
    """
    first = next(iter(records), None)
    if first is None:
        return
    if first["event"] != BEGUN:
        raise ValueError(f"{name} does not say what its session began from.")
    others = [_difference(key, first[key], mine[key]) for key in mine]
    differences = [difference for difference in others if difference]
    if differences:
        raise ValueError(
            f"{name} is of a session that began differently: {'; '.join(differences)}. "
            "Its answers can only be learnt from that beginning: load the pipeline it "
            "began with, or its checkpoint, or begin another journal."
        )


def _difference(key: str, its: Any, mine: Any) -> str | None:
    if its == mine:
        return None
    if key == "weights":
        return "the weights differ (has this model been taught already?)"
    if key != "settings":
        return f"its {key} is {its!r}, and not {mine!r}"
    names = [x for x in {**its, **mine} if its.get(x) != mine.get(x)]
    pairs = [f"{x} is {its.get(x)!r}, and not {mine.get(x)!r}" for x in names]
    return f"in its settings {', '.join(pairs)}"


def _plain(value: Any) -> Any:
    """JSON has no infinity."""
    return value if not isinstance(value, float) or isfinite(value) else str(value)
