"""The arms of the combined protocol: what is chosen, asked, augmented and learnt.

Five parts: W-BADGE chooses; the K likeliest types are asked about; SeqMix mixes; swaps
of entities are added; the deconfounded head learns. An arm has some of them, and what
it lacks is the plainest thing: sentences at random, annotated whole, nothing added, a
linear head.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from numpy.random import Generator
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.display.settings import Unit
from spacy_causal.experiments.active_curves import ALL
from spacy_causal.experiments.asking import Asking
from spacy_causal.learning.augmenting import Augment, make_augment
from spacy_causal.learning.settings import LearnerSettings

PLAIN, LINEAR, COMBINED, LESS = "plain", "linear", "combined", "combined - "
K = 3
HEADS = {
    "linear": {"@architectures": "spacy-causal.LinearTagger.v1"},
    "deconfounded": {"@architectures": "spacy-causal.DeconfoundedTagger.v1"},
}


@dataclass(frozen=True)
class Arm:
    """What a model is trained with.

    strategy (str): What chooses, see `make_strategy`.
    asks (str): What is asked about in a sentence, "mention" or "token"; "" where it is
        annotated whole.
    augments (tuple[str, ...]): What is added to the sentences, see `make_augment`.
    head (str): One of `HEADS`, or "ner": spaCy's own component, encoder and all.
    """

    strategy: str = "random"
    asks: Unit | str = ""
    augments: tuple[str, ...] = ()
    head: str = "linear"

    def augment(self, component: str) -> Augment | None:
        """All that is added, each made of the labelled sentences alone."""
        each = [made for n in self.augments if (made := make_augment(n, component))]
        if not each:
            return None

        def together(docs: Sequence[Doc], nlp: Language, rng: Generator) -> list[Doc]:
            return [doc for augment in each for doc in augment(docs, nlp, rng)]

        return together

    def ask(self, component: str) -> Asking | None:
        """Who is asked: somebody who is always right, and is told no more than K."""
        if not self.asks:
            return None
        unit: Unit = "token" if self.asks == "token" else "mention"
        # Of the rounds' model; what is trained for the score is trained from nothing.
        settings = LearnerSettings(updates=2)
        return Asking(component, k=K, unit=unit, settings=settings)


PARTS = {
    "wbadge": {"strategy": "wbadge"},
    "feedback": {"asks": "token"},
    "seqmix": {"augments": ("seqmix",)},
    "counterfactuals": {"augments": ("counterfactual",)},
    "deconfounded": {"head": "deconfounded"},
}
EVERYTHING = Arm("wbadge", "token", ("seqmix", "counterfactual"), "deconfounded")


def less(part: str) -> Arm:
    """All parts but one."""
    if part in ("seqmix", "counterfactuals"):
        without = {"augments": tuple(x for x in EVERYTHING.augments
                                     if x not in PARTS[part]["augments"])}  # fmt: skip
    else:
        (name,) = PARTS[part]
        without = {name: getattr(Arm(), name)}
    return replace(EVERYTHING, **without)  # type: ignore[arg-type]


# ALL is the plain arm trained on the whole pool; "linear" tells, beside a CNN, what is
# due to leaving spaCy's `ner`.
ARMS: dict[str, Arm] = {
    PLAIN: Arm(),
    LINEAR: Arm(),
    **{part: Arm(**PARTS[part]) for part in PARTS},  # type: ignore[arg-type]
    "feedback on mentions": Arm(asks="mention"),
    COMBINED: EVERYTHING,
    **{f"{LESS}{part}": less(part) for part in PARTS},
    "combined on mentions": replace(EVERYTHING, asks="mention"),
    ALL: Arm(),
}
USUAL = tuple(name for name in ARMS if name != LINEAR and "mentions" not in name)


def arm_of(name: str, encoder: str) -> Arm:
    """An arm by its name. On a CNN the plain ones are spaCy's `ner`.

    Raises ValueError for a name that there is not.
    """
    if name not in ARMS:
        raise ValueError(f"Unknown arm {name!r}: {', '.join(ARMS)}.")
    spacys_own = encoder == "cnn" and name in (PLAIN, ALL)
    return replace(ARMS[name], head="ner") if spacys_own else ARMS[name]
