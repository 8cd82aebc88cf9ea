"""A component that is ready to learn with no annotation at all."""

from collections.abc import Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.learning.seeding import seeded


def cold_start(
    nlp: Language, component: str, labels: Sequence[str], *, seed: int = 0
) -> Language:
    """Initialise a pipeline from a list of labels; it guesses until it is taught.

    There is no text to find confounders in, so the component has none.

    component (str): The component's name; a blank pipeline is given one.
    """
    if component not in nlp.pipe_names:
        nlp.add_pipe(component)
    pipe: Any = nlp.get_pipe(component)
    for label in labels:
        pipe.add_label(label)
    nothing = Doc(nlp.vocab, words=["."])
    example = Example(nothing, nothing.copy())
    with seeded(nlp, (seed,)):
        nlp.initialize(lambda: [example])
        pipe.initialize(
            lambda: [example],
            nlp=nlp,
            labels=labels,
            confounder_corpus=lambda nlp: [],
        )
    return nlp
