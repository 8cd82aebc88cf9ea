"""The arms of CFGen's tables, and what was tried beside them."""

from typing import Any


def method(
    *,
    screen: bool = True,
    outside: int = 0,
    mix: tuple[str, float] = ("mixed", 0.0),
    bounds: tuple[float, float] = (0.0, 1.0),
    **swaps: Any,
) -> dict[str, Any]:
    """Swaps of training sentences.

    screen (bool): Whether the tagger that was trained without them has to find each.
    outside (int): That tagger looks for more donors in so many unlabelled sentences.
    mix (tuple): See `Mix`.
    bounds (tuple): The least and greatest P(type) that it may find them with.
    swaps: Settings of `SwapSettings` beside its defaults.
    """
    return {
        "screen": screen,
        "outside": outside,
        "mix": list(mix),
        "bounds": list(bounds),
        "swaps": swaps,
    }


# In each pass half of the sentences have all their entities swapped, in the steps of
# NoAug: first of what was tried on dev, by less than seeds differ.
OURS = method(per_example=10, all_entities=True, screen=False, mix=("replace", 0.5))
METHODS: dict[str, dict[str, Any]] = {
    "NoAug": {},
    "Aug": method(),
    "NoAug, as many steps": {"steps_of": "Aug"},
    "NoAug, as many steps as with 5": {"steps_of": "5, rare types"},
    "ours": OURS,
    "no discriminator": method(screen=False),
    "5 swaps": method(per_example=5),
    "5 swaps, no discriminator": method(per_example=5, screen=False),
    "all entities": method(all_entities=True),
    "5, all entities": method(per_example=5, all_entities=True),
    "5, all entities, no discriminator": method(
        per_example=5, all_entities=True, screen=False
    ),
    "5, like shape": method(per_example=5, compatible=True, screen=False),
    "5, rare types": method(per_example=5, balance=True, screen=False),
    "5, like shape, rare types": method(
        per_example=5, compatible=True, balance=True, screen=False
    ),
    "5, like by vectors": method(per_example=5, like=8, screen=False),
    "5, outside": method(per_example=5, outside=2000, screen=False),
    "5, barely found": method(per_example=5, bounds=(0.0, 0.9)),
    "5, share 0.25": method(per_example=5, screen=False, mix=("share", 0.25)),
    "5, share 0.5": method(per_example=5, screen=False, mix=("share", 0.5)),
    "5, clean last": method(per_example=5, screen=False, mix=("clean_last", 3)),
    "fresh 0.3": method(per_example=10, screen=False, mix=("replace", 0.3)),
    "fresh 0.5": method(per_example=10, screen=False, mix=("replace", 0.5)),
    "fresh 0.5, like shape": method(
        per_example=10, compatible=True, screen=False, mix=("replace", 0.5)
    ),
    "fresh 0.5, rare types": method(
        per_example=10, balance=True, screen=False, mix=("replace", 0.5)
    ),
    "fresh 0.5, all entities": OURS,
    "fresh 0.8, all entities": method(
        per_example=10, all_entities=True, screen=False, mix=("replace", 0.8)
    ),
    "fresh 0.5, all entities, screened": method(
        per_example=10, all_entities=True, mix=("replace", 0.5)
    ),
    "fresh 0.5, all entities, outside": method(
        per_example=10,
        all_entities=True,
        outside=2000,
        screen=False,
        mix=("replace", 0.5),
    ),
}
