"""Files that appear under their name only when they are complete."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import get_ident


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file under a temporary name and move it into place in one step, so that a
    crash of the machine leaves the old file or the new one. Missing folders are made. A
    link goes on pointing to the file; a pipe or terminal is written to directly.

    data (bytes | str): Text is written as UTF-8.
    """
    if is_stream(path):
        path.write_bytes(data.encode("utf8") if isinstance(data, str) else data)
        return
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.part")
    try:
        with part.open("wb") as file:
            file.write(data.encode("utf8") if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Add a line to a file that is there or not yet; it survives a crash of the machine
    once this returns."""
    is_new = not path.exists()
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_folder(path.parent)


def is_stream(path: Path) -> bool:
    """Whether a pipe or a terminal is there, or a link to one as /dev/stdout is, which
    may lead to no path."""
    return path.exists() and not path.is_file()


def write_folder_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a folder beside its place and then put it there, so that the old one, if
    there is any, or the new one is whole at all times.

    write (Callable): Writes the folder that it is given.
    Raises NotADirectoryError where a file is in its place.
    """
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{path} is a file, not a folder.")
    part = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}.part")
    old = part.with_suffix(".old")
    try:
        write(part)
        if path.exists():
            path.replace(old)
        part.replace(path)
    finally:
        if old.exists() and not path.exists():
            old.replace(path)
        for folder in (part, old):
            shutil.rmtree(folder, ignore_errors=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have a new name in a folder survive a crash of the machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
