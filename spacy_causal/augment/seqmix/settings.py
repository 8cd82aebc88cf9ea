"""How sequences are mixed."""

from dataclasses import dataclass
from math import inf
from numbers import Integral
from typing import Literal, get_args

Variant = Literal["whole", "sub", "label_constrained"]


@dataclass(frozen=True)
class SeqMixSettings:
    """SeqMix (EMNLP 2020), section 4.1: its values for CoNLL-2003.

    variant (str): "whole" mixes sequences of one length, "sub" windows of them,
        "label_constrained" windows whose labels are the same.
    window (int): s, the tokens of a window.
    density (float): η0, the least share of valid labels in it.
    alpha (float): λ ~ Beta(α, α), one draw for the whole window.
    rate (float): Kept new sequences as a share of the labelled ones.
    hardened (bool): Annotate the larger label, for components that read no targets.
    outside (tuple[str, ...]): Labels that do not count as valid: types, or single tags
        of one ("I-PER").
    tries (int): Give up after this many generated sequences for each that is wanted,
        with those whose text was there already.
    """

    variant: Variant = "sub"
    window: int = 5
    density: float = 0.6
    alpha: float = 8.0
    rate: float = 0.2
    hardened: bool = False
    outside: tuple[str, ...] = ("O",)
    tries: int = 50

    def __post_init__(self) -> None:
        if self.variant not in get_args(Variant):
            variants = ", ".join(get_args(Variant))
            raise ValueError(f"Unknown variant {self.variant!r}: one of {variants}.")
        whole = all(isinstance(n, Integral) for n in (self.window, self.tries))
        if not whole or self.window < 1 or self.tries < 1:
            raise ValueError(
                "A window has at least one token, and a mix one try; both are whole "
                f"numbers, not {self.window} and {self.tries}."
            )
        if isinstance(self.outside, str):
            raise ValueError(f'outside is a list of labels: ["{self.outside}"].')
        if not 0 <= self.density <= 1:
            raise ValueError(f"A density lies in [0, 1], not at {self.density}.")
        if not 0 < self.alpha < inf or not 0 <= self.rate < inf:
            raise ValueError(
                f"alpha is {self.alpha} and has to be > 0, rate {self.rate} and ≥ 0; "
                "both are finite."
            )
