"""A command of `select` watched from outside: memory, files, and when each phase began.

Reads /proc, so on Linux only.
"""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAUSE = 0.5
KB = 1024


@dataclass
class Watched:
    """What was seen of a command.

    rss (int): The peak of all processes' resident bytes; shared ones count in each.
    own (int): The peak of bytes that no file backs, shared ones counted once.
    processor (float): Seconds of processor time, children's that it waited for too.
    beside (int): The peak of the bytes in its folder.
    kept (int): Of them, those of whole arrays.
    began (dict[str, float]): Seconds at which each phase was first seen.
    killed (bool): Whether it was stopped half-way.
    """

    seconds: float = 0.0
    rss: int = 0
    own: int = 0
    processor: float = 0.0
    beside: int = 0
    kept: int = 0
    killed: bool = False
    began: dict[str, float] = field(default_factory=dict)

    def phases(self) -> dict[str, float]:
        """Seconds of each phase seen; the time before the first one is "load"."""
        names = ["load", *self.began]
        edges = [0.0, *self.began.values(), self.seconds]
        spans = zip(names, edges, edges[1:], strict=False)
        return {name: round(end - start, 2) for name, start, end in spans}


def watch(
    command: Sequence[str], folder: Path, *, log: Path, kill_at_block: int | None = None
) -> Watched:
    """Run a command to its end and look at it twice a second.

    folder (Path): Where it keeps its view.
    kill_at_block (int | None): Kill it, children and all, once as many blocks are read.
    Raises RuntimeError with what it said last where it fails.
    """
    seen, started, used = Watched(), time.perf_counter(), _processor()
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            while process.poll() is None:
                _look(seen, process.pid, folder, time.perf_counter() - started)
                blocks = sum(path.name[0].isdigit() for path in views_in(folder))
                if kill_at_block is not None and blocks >= kill_at_block:
                    seen.killed = True
                    break
                time.sleep(PAUSE)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    seen.seconds = time.perf_counter() - started
    seen.processor = _processor() - used
    if process.returncode and not seen.killed:
        raise RuntimeError(log.read_text(encoding="utf8", errors="replace")[-2000:])
    return seen


def _look(seen: Watched, root: int, folder: Path, now: float) -> None:
    phase = phase_of(folder)
    if phase is not None:
        seen.began.setdefault(phase, now)
    seen.beside = max(seen.beside, bytes_under(folder))
    whole = [path for path in views_in(folder) if path.name == "whole"]
    seen.kept = max([seen.kept, *map(bytes_under, whole)])
    memory = [_memory(process) for process in family(root)]
    seen.rss = max(seen.rss, sum(each["Rss"] for each in memory))
    own = sum(each["Pss_Anon"] + each["Pss_Shmem"] for each in memory)
    seen.own = max(seen.own, own)


def phase_of(folder: Path) -> str | None:
    """What a view's folder tells: "read", "join" or "pick"; None before all of them."""
    names = [path.name for path in views_in(folder)]
    if "whole" in names:
        return "pick"
    if any(name.startswith(".whole.") for name in names):
        return "join"
    return "read" if folder.is_dir() else None


def bytes_under(folder: Path) -> int:
    """Of all files of a folder that others may be deleting."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(parent, name).stat().st_size
    return total


def views_in(folder: Path) -> list[Path]:
    """What is one level down in a view's folder: blocks, "whole" and its precursor."""
    # `os.walk` tolerates files that are deleted meanwhile; `glob` does not.
    walk = os.walk(folder)
    inner = [Path(parent, name) for parent, names, _ in walk for name in names]
    return [path for path in inner if path.parent.parent == folder]


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _processor() -> float:
    """Seconds that children took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(process: int) -> dict[str, int]:
    """Bytes of Rss, Pss_Anon and Pss_Shmem; zeros for a process that has ended."""
    found: dict[str, Any] = dict.fromkeys(("Rss", "Pss_Anon", "Pss_Shmem"), 0)
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return found
    for name, kilobytes, *_ in map(str.split, lines):
        if name.rstrip(":") in found:
            found[name.rstrip(":")] = int(kilobytes) * KB
    return found
