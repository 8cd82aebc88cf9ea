"""SeqMix's rows as tables, with the paper's figures beside them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from scipy.stats import wilcoxon
from seqmix_arms import ARMS

from spacy_causal.experiments.sections import Table

Row = dict[str, Any]
# F1 by seed and sentences labelled.
Values = Mapping[tuple[int, int], float]

PAPER = Path(__file__).parents[1] / "assets" / "papers" / "seqmix.json"
NAMES = {"conll2003": "CoNLL-2003", "webpage": "WebPage"}
MEASURES = {"score": "last epoch", "best": "best epoch on dev"}
CONTROLS = ("none", "updates")
SUB = "sub"


def groups_of(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows that may be compared, by the name of what they have in common."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        name = f"{row['data']}, {row['encoder']}"
        if "split" in row:
            name += f", {row['split']}"
        if "epochs" in row:
            name += f", {row['epochs']} epochs"
        if "precision" in row:
            name += f", {row['precision']}"
        found.setdefault(name, []).append(row)
    return found


def tables_of(name: str, rows: list[Row]) -> list[Table]:
    """What comparable rows say: at the seed set, then over all rounds."""
    tables = [seed_set(name, rows)]
    if any(row["round"] for row in rows):
        tables += [curves(name, rows, measure) for measure in MEASURES]
    return tables


def seed_set(name: str, rows: list[Row]) -> Table:
    """F1 before anything is bought, where the policies are still the same."""
    first = [row for row in rows if not row["round"]]
    size, data = first[0]["sentences"], first[0]["data"]
    said = {
        claim["sentences"]: {"none": claim["without"], SUB: claim["with"]}
        for claim in paper_of(data, "claims")
        if "with" in claim
    }.get(size, {})
    header = ["arm", "seeds", "generated"]
    for what in MEASURES.values():
        header += [f"F1, {what}", *(f"to {base}, {what}" for base in CONTROLS)]
    lines = []
    for arm in dict.fromkeys(row["arm"] for row in first):
        own = [row for row in first if row["arm"] == arm]
        made = mean(row["generated"] for row in own)
        line = [arm, str(len({row["seed"] for row in own})), f"{made:.0f}"]
        for measure in MEASURES:
            values = values_of(own, measure)
            line.append(spread(values))
            for base in bases_of(arm):
                other = [row for row in first if row["arm"] == base]
                line.append(
                    "" if arm == base else gain(values, values_of(other, measure))
                )
        lines.append([*line, f"{said[arm]:.2f}" if arm in said else ""])
    return Table(f"{name}: {size} sentences", [*header, "paper, test"], lines)


def curves(name: str, rows: list[Row], measure: str) -> Table:
    """F1 by sentences labelled, with the gain of each arm over the controls; below
    them what the paper trained, a fixed number of epochs as in the first table."""
    sizes = sorted({row["sentences"] for row in rows})
    header = ["policy", "arm", "seeds", *map(str, sizes), "mean"]
    header += [f"to {base}" for base in CONTROLS]
    lines = []
    for policy, arm in dict.fromkeys((row["policy"], row["arm"]) for row in rows):
        own = [row for row in rows if row["policy"] == policy]
        values, *controls = (
            values_of([row for row in own if row["arm"] == each], measure)
            for each in (arm, *bases_of(arm))
        )
        seeds = len({seed for seed, _ in values})
        line = [policy, arm, str(seeds), *(at_size(values, size) for size in sizes)]
        line.append(f"{100 * mean(values.values()):.2f}")
        line += ["" if base == values else gain(values, base) for base in controls]
        lines.append(line)
    if measure == "score":
        lines += paper_lines(rows[0]["data"], sizes)
    return Table(f"{name}: {MEASURES[measure]}", header, lines)


def paper_lines(data: str, sizes: list[int]) -> list[list[str]]:
    """The paper's tables in the columns of ours."""
    lines = []
    for row in paper_of(data, "rows"):
        said = dict(zip(row["sentences"], row["f1"], strict=True))
        if not set(said) & set(sizes):
            continue
        arm = row.get("arm") or ", ".join(f"{k} {row[k]}" for k in ("screen", "rate")
                                          if k in row)  # fmt: skip
        cells = [f"{said[size]:.1f}" if size in said else "–" for size in sizes]
        where = f"paper, table {row['table']} ({row['split']})"
        lines.append([where, arm, "5", *cells, f"{mean(said.values()):.2f}", "", ""])
    return lines


def claims(data: str, rows: list[Row]) -> list[str]:
    """What the paper says it gains, and the same differences here, in sentences."""
    said = []
    policies = dict.fromkeys(row["policy"] for row in rows if row["round"])
    for claim in paper_of(data, "claims"):
        if "with" in claim:
            size = claim["sentences"]
            here = [row for row in rows if row["sentences"] == size]
            theirs = f"{claim['with'] - claim['without']:+.2f} at {size} sentences"
            ours = {"the seed set": here}
        else:
            theirs = f"{claim['gain_over_best_policy']:+.2f} over the best policy"
            ours = {p: [r for r in rows if r["policy"] == p] for p in policies}
        for what, own in ours.items():
            values, plain = (
                values_of([row for row in own if row["arm"] == arm], "score")
                for arm in (SUB, "none")
            )
            if values:
                said.append(
                    f"The paper gains {theirs} ({claim['where']}); sub gains "
                    f"{gain(values, plain)} over none here, {what}."
                )
    return said


def paper_of(data: str, part: str) -> list[dict[str, Any]]:
    """The paper's rows or claims for a corpus."""
    found = json.loads(PAPER.read_text(encoding="utf8"))[part]
    return [each for each in found if each["data"] == NAMES.get(data)]


def values_of(rows: Iterable[Row], measure: str) -> Values:
    """F1 by seed and sentences labelled."""
    return {(row["seed"], row["sentences"]): row[measure] for row in rows}


def bases_of(arm: str) -> tuple[str, str]:
    """What an arm is compared with: none, and the arm that has as many updates."""
    return "none", ARMS[arm].control if arm in ARMS else "updates"


def at_size(values: Values, size: int) -> str:
    """The mean over seeds, in points."""
    own = [value for (_, sentences), value in values.items() if sentences == size]
    return f"{100 * mean(own):.1f}" if own else "–"


def spread(values: Values) -> str:
    """The mean in points, with the deviation over seeds."""
    points = [100 * value for value in values.values()]
    said = f"{mean(points):.1f}"
    return f"{said} ± {stdev(points):.1f}" if len(points) > 1 else said


def gain(values: Values, base: Values) -> str:
    """The mean difference in points, with Wilcoxon's two-sided signed-rank test over
    (seed, usage) pairs."""
    differences = [values[key] - base[key] for key in values if key in base]
    if not differences:
        return "–"
    p = wilcoxon(differences).pvalue if any(differences) else 1.0
    return f"{100 * mean(differences):+.2f} (p = {p:.3g}, n = {len(differences)})"


def print_tables(rows: list[Row]) -> None:
    """All tables as Markdown, and the paper's claims."""
    for name, own in groups_of(rows).items():
        for table in tables_of(name, own):
            print(f"\n## {table.caption}\n")
            for line in (table.header, ["---"] * len(table.header), *table.rows):
                print("|", " | ".join(line), "|")
        print()
        for line in claims(own[0]["data"], own):
            print(line)
