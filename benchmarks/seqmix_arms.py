"""The arms of SeqMix's tables, and what else was tried. Rows identify an arm by its
name, so an arm that changes gets a new one."""

from typing import Any, NamedTuple

from spacy_causal.augment.seqmix.token_table import Source

# Table 3 of the paper, and its windows.
SIZES: dict[str, dict[str, Any]] = {
    "conll2003": {"pool": 700, "first": 200, "round": 100, "window": 5, "density": 0.6},
    "webpage": {"pool": 385, "first": 85, "round": 60, "window": 4, "density": 0.5},
}
RATE = 0.2


class Arm(NamedTuple):
    """How an arm differs from training on the labelled sequences alone.

    mixing (dict | None): Sequences are mixed: settings of `SeqMixSettings` beside the
        paper's for the corpus.
    screened (bool): They are screened by an n-gram model, in percentiles of the words
        of the corpus.
    source (str | None): Of the table of words; None: a transformer's input embeddings,
        and without one what the encoder says.
    hidden (dict | None): The encoder's vectors are mixed: settings of `HiddenMix`,
        entities' tokens alone where they do not say which.
    longer (float): The updates, as a multiple; not in the clean epochs.
    clean_epochs (int): The last of the epochs are of the labelled sequences alone, and
        the optimizer starts anew with them.
    control (str): The arm that has as many updates, or more, and mixes nothing.
    """

    mixing: dict[str, Any] | None = None
    screened: bool = False
    source: Source | None = None
    hidden: dict[str, Any] | None = None
    longer: float = 1.0
    clean_epochs: int = 0
    control: str = "updates"


ARMS = {
    "none": Arm(),
    "updates": Arm(longer=1 + RATE),
    "whole": Arm({"variant": "whole"}),
    "sub": Arm({}),
    "constrained": Arm({"variant": "label_constrained"}),
    # Rows of "ours" had percentiles of texts, not of words: it refused next to nothing.
    "screened": Arm({}, screened=True),
    "sub hard": Arm({"hardened": True}),
    "hidden": Arm(hidden={"weight": 0.2}),
    "hidden 0.5": Arm(hidden={"weight": 0.5}),
    "hidden 1": Arm(hidden={"weight": 1.0}),
}
USUAL = tuple(ARMS)
ARMS |= {
    **{f"sub, alpha {a}": Arm({"alpha": a}) for a in (0.2, 1.0, 32.0)},
    "sub, rate 0.05": Arm({"rate": 0.05}),
    **{
        f"sub, rate {r}": Arm({"rate": r}, control=f"updates, rate {r}")
        for r in (0.5, 1.0)
    },
    **{f"updates, rate {r}": Arm(longer=1 + r) for r in (0.5, 1.0)},
    **{f"sub, window {s}": Arm({"window": s}) for s in (3, 7)},
    **{f"sub, density {d}": Arm({"density": d}) for d in (0.2, 0.4, 0.8)},
    "sub, static table": Arm({}, source="static"),
    "sub, contextual table": Arm({}, source="contextual"),
    "sub, clean last": Arm({}, clean_epochs=3, control="updates, anew"),
    "updates, anew": Arm(longer=1 + RATE, clean_epochs=3),
    "sub, rate 1.0, clean last": Arm(
        {"rate": 1.0}, clean_epochs=3, control="updates, rate 1.0, anew"
    ),
    "updates, rate 1.0, anew": Arm(longer=2.0, clean_epochs=3),
    "hidden 2": Arm(hidden={"weight": 2.0}),
    "hidden 1, alpha 0.2": Arm(hidden={"weight": 1.0, "alpha": 0.2}),
    "hidden 1, alpha 1": Arm(hidden={"weight": 1.0, "alpha": 1.0}),
    "hidden 1, all": Arm(hidden={"weight": 1.0, "which": "all"}),
    "hidden 1, all, alpha 0.2": Arm(
        hidden={"weight": 1.0, "which": "all", "alpha": 0.2}
    ),
    "sub and hidden 1": Arm({}, hidden={"weight": 1.0}),
}
