"""Nodes, bytes and hours of `select` on a pool too large for one machine, reckoned from
measured rates.

The pool is cut into one part a node. Each node runs `select` on its part as it is, with
the whole budget; a last `select` chooses among what the nodes chose. (The draws are not
those of one selection over the whole: that would need all rows of gradients at once.)
On a node with n sentences and c cores, per-sentence rates:

    hours  = n (load + read / c + join + picks · pick) / 3600
    memory = base + n (own + row)     own: texts, ids; row: gradients, to stay cached
    disk   = n (pool + beside)        beside: blocks, and the array they are joined to
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

GB = 1e9


@dataclass(frozen=True)
class Rates:
    """What was measured, a sentence: seconds and bytes.

    load, join (float): Seconds of one process. read (float): Seconds of one core.
    pick (float): Seconds a sentence and pick.
    row, beside (float): Bytes of gradients at the end, and at most.
    own, base (float): Bytes of memory that no file backs: a sentence, and without any.
    sentences (int): Of the largest run, which the seconds are from.
    picks (int): In that run.
    """

    load: float
    read: float
    join: float
    pick: float
    row: float
    beside: float
    own: float
    base: float
    pool: float
    sentences: int
    picks: int


@dataclass(frozen=True)
class Node:
    """A machine of the cluster. memory, disk (float): In bytes."""

    cores: int
    memory: float
    disk: float


@dataclass(frozen=True)
class Part:
    """What `select` takes of one node. memory, disk (float): In bytes."""

    sentences: int
    hours: float
    memory: float
    disk: float


@dataclass(frozen=True)
class ShardPlan:
    """As few nodes as have memory, disk and time enough.

    part (Part): Of each node. last (Part): The selection among the nodes' picks.
    whole (Part): One selection over everything on one node, however large.
    """

    sentences: int
    nodes: int
    node: Node
    part: Part
    last: Part
    whole: Part

    @property
    def hours(self) -> float:
        """From the start of all nodes to the last pick."""
        return self.part.hours + self.last.hours


def measured_rates(rows: Sequence[Mapping[str, Any]]) -> Rates:
    """Rates from rows of whole local runs: seconds of the largest, whose rows of
    gradients are held as those of any larger one; memory by the line through the
    smallest and the largest.

    Raises ValueError without two sizes.
    """
    local = [row for row in rows if row["engine"] == "local" and not row["killed"]]
    local.sort(key=lambda row: row["sentences"])
    if not local or local[0]["sentences"] == local[-1]["sentences"]:
        raise ValueError("Local runs of two sizes are needed.")
    least, most = local[0], local[-1]
    n, seconds = most["sentences"], most["phases"]
    more = n - least["sentences"]
    own = max(GB * (most["own_gb"] - least["own_gb"]) / more, 0.0)
    return Rates(
        load=seconds["load"] / n,
        read=seconds["read"] / n,
        join=seconds.get("join", 0.0) / n,
        pick=seconds["pick"] / n / most["picked"],
        row=GB * most["rows_gb"] / n,
        beside=GB * most["beside_gb"] / n,
        own=own,
        base=GB * most["own_gb"] - own * n,
        pool=GB * most["pool_gb"] / n,
        sentences=n,
        picks=most["picked"],
    )


def part_of(sentences: int, rates: Rates, cores: int) -> Part:
    """Hours, memory and disk of `select` on so many sentences with so many cores."""
    each = rates.load + rates.read / cores + rates.join + rates.picks * rates.pick
    return Part(
        sentences,
        sentences * each / 3600,
        rates.base + sentences * (rates.own + rates.row),
        sentences * (rates.pool + rates.beside),
    )


def plan_shards(sentences: int, rates: Rates, node: Node, hours: float) -> ShardPlan:
    """Find the fewest nodes.

    hours (float): What all of it may take.
    Raises ValueError where no number of nodes does it.
    """
    whole = part_of(sentences, rates, node.cores)
    for nodes in count(1):
        part = part_of(-(-sentences // nodes), rates, node.cores)
        last = part_of(nodes * rates.picks, rates, node.cores)
        fits = all(
            each.memory <= node.memory and each.disk <= node.disk
            for each in (part, last)
        )
        if fits and part.hours + last.hours <= hours:
            return ShardPlan(sentences, nodes, node, part, last, whole)
        if last.hours > hours or last.memory > node.memory or nodes >= sentences:
            raise ValueError("No number of such nodes has memory and time enough.")
    raise AssertionError


def show_plan(rates: Rates, plan: ShardPlan) -> str:
    """The plan as a table, with the rates that it is from."""
    node = plan.node
    lines = [
        f"{plan.sentences:,} sentences on {plan.nodes:,} nodes of {node.cores} cores, "
        f"{node.memory / GB:,.0f} GB of memory and {node.disk / GB:,.0f} GB of disk: "
        f"{plan.hours:.1f} hours.",
        "",
        "| | sentences | hours | memory, GB | disk, GB |",
        "|---|---:|---:|---:|---:|",
    ]
    parts = {"each node": plan.part, "last selection": plan.last}
    parts["one node for all"] = plan.whole
    for name, part in parts.items():
        lines.append(
            f"| {name} | {part.sentences:,} | {part.hours:.2f} |"
            f" {part.memory / GB:,.1f} | {part.disk / GB:,.1f} |"
        )
    seconds = {"load": rates.load, "read": rates.read, "join": rates.join}
    each = ", ".join(f"{name} {1e6 * s:,.1f}" for name, s in seconds.items())
    lines += [
        "",
        f"From a run of {rates.sentences:,} sentences, {rates.picks:,} picks. "
        f"Microseconds a sentence: {each}, a pick {1e6 * rates.pick:.3f}. Bytes a "
        f"sentence: pool {rates.pool:,.0f}, rows {rates.row:,.0f}, beside at most "
        f"{rates.beside:,.0f}, memory {rates.own:,.0f} and {rates.base / GB:.2f} GB "
        "for none.",
    ]
    return "\n".join(lines)
