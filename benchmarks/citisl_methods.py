"""The methods of CITISL's tables, and this project's default."""

from typing import Any

LINEAR = {"model": {"@architectures": "spacy-causal.LinearTagger.v1"}}
PAPER: dict[str, Any] = {
    "model": {
        "@architectures": "spacy-causal.DeconfoundedTagger.v1",
        "adjustment": "approximate",
        "scale": False,
    },
    "confounders": {"@misc": "spacy-causal.frequent_confounders.v1"},
}
NONE = {"modulation": "none"}
PRINTED = {"modulation": "printed"}
EXPLORING = {"modulation": "none", "explore": 0.5}


def method(
    component: dict[str, Any],
    display: dict[str, Any],
    mode: str = "positives_only",
    *,
    imputer: str | None = None,
    importance: str | None = None,
    told: bool = False,
    **session: Any,
) -> dict[str, Any]:
    """A head, what is displayed, and what is learnt from the answers."""
    return {
        "component": component,
        "display": display,
        "imputer": imputer,
        "importance": importance,
        "told": told,
        "session": {"mode": mode, "updates": 5, "replay_ratio": 2.0, **session},
    }


# Values of settings that older rows lack, because the settings did not exist then.
UNSAID: dict[str, Any] = {"trust_prior": None, "gold_share": 0.0}
SOFT: dict[str, Any] = {"trust_prior": 2.0, "trust_decay": 0.98, "gold_share": 0.25}
OURS: dict[str, Any] = {"temperature": 4.0, "reimpute": True}
METHODS: dict[str, dict[str, Any]] = {
    "BERT": method(LINEAR, NONE),
    "CBA": method(PAPER, NONE),
    "IS": method(LINEAR, NONE, importance="frequency"),
    "IS inverse": method(LINEAR, NONE, importance="inverse"),
    "CITISL": method(PAPER, PRINTED, "imputed", imputer="all"),
    "-EM": method(PAPER, NONE, "imputed", imputer="all"),
    "-EM-CBA": method(LINEAR, NONE, "imputed", imputer="all"),
    "CITISL blind": method(PAPER, PRINTED, "imputed", imputer="blind"),
    "-EM blind": method(PAPER, NONE, "imputed", imputer="blind"),
    "-EM-CBA blind": method(LINEAR, NONE, "imputed", imputer="blind"),
    "ours": method(LINEAR, NONE, "own_ruled_out", **OURS),
    "ours CBA": method(PAPER, NONE, "own_ruled_out", **OURS),
    "ours printed noise": method(PAPER, PRINTED, "own_ruled_out", **OURS),
    "ours soft": method(LINEAR, NONE, "own_ruled_out", **OURS, **SOFT),
    "ours soft CBA": method(PAPER, NONE, "own_ruled_out", **OURS, **SOFT),
    "ours exploring": method(LINEAR, EXPLORING, "own_ruled_out", **OURS, **SOFT),
    "ours exploring CBA": method(PAPER, EXPLORING, "own_ruled_out", **OURS, **SOFT),
    "ours doubting": method(
        LINEAR, NONE, "own_ruled_out", **OURS, **SOFT, mistakes=0.1
    ),
    "ours known": method(LINEAR, NONE, "imputed_ruled_out", imputer="all"),
    "GroundTruth": method(LINEAR, NONE, told=True),
    "TotalData": {**method(LINEAR, NONE), "session": None},
}


def soft(display: dict[str, Any], **session: Any) -> dict[str, Any]:
    """The soft form with something else."""
    return method(LINEAR, display, "own_ruled_out", **{**OURS, **SOFT, **session})


def head(confounders: str = "frequent", **model: Any) -> dict[str, Any]:
    """The form that explores with another deconfounding head."""
    component = {
        "model": {**PAPER["model"], **model},
        "confounders": {"@misc": f"spacy-causal.{confounders}_confounders.v1"},
    }
    return method(component, EXPLORING, "own_ruled_out", **OURS, **SOFT)


# What was tried on development data on the way, by the names it has among the rows.
TRIED: dict[str, dict[str, Any]] = {
    "explore 1": soft({**EXPLORING, "explore": 1.0}),
    **{
        f"unsure {sure:g}": soft({**EXPLORING, "sure": sure}, fill=True)
        for sure in (0.9, 0.99, 0.999)
    },
    "soft fixed 0.5": soft({"modulation": "fixed", "size": 0.5}),
    "soft fixed 1": soft({"modulation": "fixed", "size": 1.0}),
    "soft fixed 2": soft({"modulation": "fixed", "size": 2.0}),
    "soft T2": soft(NONE, temperature=2.0),
    "soft T8": soft(NONE, temperature=8.0),
    "doubting 0.05": soft(NONE, mistakes=0.05),
    "doubting 0.2": soft(NONE, mistakes=0.2),
    "doubting 0.3": soft(NONE, mistakes=0.3),
    "head scaled": head(scale=True),
    "head exact": head(adjustment="exact"),
    "head associated": head("associated"),
}
