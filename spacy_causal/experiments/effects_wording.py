"""What was measured of a pipeline's effects, as text: for the page and the terminal."""

from spacy_causal.effects.emptying import EMPTY
from spacy_causal.effects.measure import Effects
from spacy_causal.effects.tables import Estimate, Table

LEVELS = {"entity": "entity level (relaxed)", "token": "token level"}
QUANTITIES = {
    "f1": "F1",
    "f1_do_c0": "F1, context empty: do(c0)",
    "f1_do_e0": "F1, entities empty: do(e0)",
    "ace_c": "ACE of context",
    "ace_e": "ACE of entities",
    "ri": "RI",
}
SIGNED = ("ace_c", "ace_e", "ri")
NAMES = (("forms", "f1_seen"), ("forms", "f1_unseen"), ("swaps", "survived"))
ALL = "all types"


def overall_rows(effects: Effects) -> list[list[str]]:
    """A line a quantity, a column a level."""
    tables = [effects.tables[level].overall for level in LEVELS]
    return [
        [said, *(format_estimate(table[name], name) for table in tables)]
        for name, said in QUANTITIES.items()
    ]


def type_rows(table: Table) -> list[list[str]]:
    """A line a type: how many, F1, ACE_C, ACE_E, RI."""
    shown = ("f1", *SIGNED)
    return [
        [label, f"{row['f1'].n:,}", *(format_estimate(row[n], n) for n in shown)]
        for label, row in {**table.per_type, ALL: table.overall}.items()
    ]


def name_rows(effects: Effects) -> list[list[str]]:
    """A line a type: how many and how well, of seen and unseen forms where those are
    known, and of swaps."""
    columns = [
        (effects.tables[table], name)
        for table, name in NAMES
        if table in effects.tables
    ]
    labels = sorted({label for table, _ in columns for label in table.per_type})
    return [
        [label or ALL, *(c for t, name in columns for c in _counted(t, label, name))]
        for label in (*labels, "")
    ]


def name_header(effects: Effects) -> list[str]:
    """The columns of `name_rows`."""
    forms = ["seen", "F1 (%), seen", "unseen", "F1 (%), unseen"]
    forms = forms if "forms" in effects.tables else []
    swaps = ["swaps", "survived (%)"] if "swaps" in effects.tables else []
    return ["type", *forms, *swaps]


def findings(effects: Effects) -> list[str]:
    """What the pipeline reads, and how names it does not know fare."""
    said = [_verdict(effects.tables[level].overall, LEVELS[level]) for level in LEVELS]
    if "forms" in effects.tables:
        forms = effects.tables["forms"].overall
        seen, unseen = (
            format_estimate(forms[name]) for name in ("f1_seen", "f1_unseen")
        )
        said.append(
            f"Strict F1 is {seen} on surface forms that training has seen, "
            f"{unseen} on others."
        )
    swaps = effects.tables.get("swaps")
    survived = None if swaps is None else swaps.overall["survived"]
    if survived is not None and survived.n:
        said.append(
            f"Of {survived.n:,} entities found, {format_estimate(survived)} % were "
            "found again when another name of their type was put in their place."
        )
    return said


def substitution(effects: Effects) -> str | None:
    """Says for which pipes an empty token was a word; None where for none."""
    if not effects.substituted:
        return None
    names = ", ".join(effects.substituted)
    return (
        f"Substitute used: the embeddings that {names} reads cannot be emptied, so "
        f"an empty token was the word {EMPTY} there."
    )


def format_estimate(estimate: Estimate, name: str = "f1") -> str:
    """Percent with its interval; effects carry their sign."""
    pattern = "{:+z.1f}" if name in SIGNED else "{:z.1f}"
    if estimate.value is None:
        return "–"
    value, *ends = (
        pattern.format(100 * x).replace("-", "−")
        for x in (estimate.value, estimate.low, estimate.high)
        if x is not None
    )
    return f"{value} [{', '.join(ends)}]" if ends else value


def _counted(table: Table, label: str, name: str) -> tuple[str, str]:
    row = table.per_type.get(label) if label else table.overall
    return (
        ("–", "–") if row is None else (f"{row[name].n:,}", format_estimate(row[name]))
    )


def _verdict(row: dict[str, Estimate], level: str) -> str:
    ri = row["ri"]
    if ri.value is None:
        return f"At {level} there was nothing to measure."
    if not row["f1"].value:
        return f"At {level} nothing was found correctly: what it reads is unknown."
    value = format_estimate(ri, "ri")
    if ri.low is None or ri.high is None:
        return f"At {level} RI is {value}; no interval was drawn."
    if ri.low <= 0 <= ri.high:
        reads = "the interval contains 0, so neither clearly outweighs the other"
    elif ri.value > 0:
        reads = "it reads entities more than their contexts"
    else:
        reads = "it reads contexts more than the entities in them"
    return f"At {level} RI is {value}: {reads}."
