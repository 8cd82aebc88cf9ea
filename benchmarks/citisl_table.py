"""CITISL's tables 1 and 2 from the rows."""

from statistics import mean, stdev
from typing import Any

KEY = ("data", "split", "sentences", "share", "k", "user")
COLUMNS = ("all", "unseen", "macro", "first", "session", "frequent", "random")


def print_table(rows: list[dict[str, Any]]) -> None:
    """Mean ± sd over seeds, a line a method, in points."""
    groups: dict[tuple, dict[str, list[dict]]] = {}
    for row in rows:
        group = groups.setdefault(tuple(row[name] for name in KEY), {})
        group.setdefault(row["method"], []).append(row)
    for key, methods in sorted(groups.items()):
        print("\n", *key)
        for name, own in methods.items():
            cells = [f"{c} {spread([r[c] for r in own])}" for c in COLUMNS]
            print(f"{name:16} n={len(own)}", *cells, sep="  ")


def spread(values: list[float | None]) -> str:
    """Mean ± standard deviation, in hundredths."""
    known = [100 * value for value in values if value is not None]
    if not known:
        return "-"
    return f"{mean(known):.1f} ± {stdev(known) if len(known) > 1 else 0:.1f}"
