"""Files are written whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.files import write_folder_whole, write_whole


def test_text_and_bytes_arrive(tmp_path):
    write_whole(tmp_path / "deep" / "a.txt", "für")
    write_whole(tmp_path / "deep" / "b", b"\x00\xff")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == "für".encode()
    assert (tmp_path / "deep" / "b").read_bytes() == b"\x00\xff"
    assert sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["a.txt", "b"]


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch, broken):
    path = tmp_path / "a.txt"
    write_whole(path, "old")

    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_there_when_it_is_complete(tmp_path):
    def write(folder):
        folder.mkdir()
        (folder / "a").write_text("x")

    write_folder_whole(tmp_path / "deep" / "out", write)
    assert (tmp_path / "deep" / "out" / "a").read_text() == "x"

    def fail(folder):
        write(folder)
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_folder_whole(tmp_path / "deep" / "other", fail)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]


def test_a_folder_is_replaced_and_a_file_is_not(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("")
    (tmp_path / "file").write_text("kept")
    write_folder_whole(tmp_path / "out", Path.mkdir)
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(NotADirectoryError, match="is a file"):
        write_folder_whole(tmp_path / "file", Path.mkdir)
    assert (tmp_path / "file").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_a_link_goes_on_pointing_to_the_file(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_what_reads_a_pipe_gets_it(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "what is written")
    reader.join(10)
    assert got == ["what is written"] and pipe.is_fifo()


def test_a_pipe_that_only_a_link_leads_to(tmp_path):
    reading, writing = os.pipe()
    link = tmp_path / "stdout"
    link.symlink_to(f"/dev/fd/{writing}")
    write_whole(link, "what is written")
    os.close(writing)
    with os.fdopen(reading) as file:
        assert file.read() == "what is written"


@pytest.mark.parametrize("inside", ["in/a.spacy", "in/deep/new.spacy", "in/../in/x"])
def test_what_a_command_reads_stays_as_it_is(tmp_path, inside):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.spacy").write_text("x")
    (tmp_path / "other").mkdir()
    (tmp_path / "also").symlink_to(tmp_path / "in")
    for read in ("in", "also"):
        with pytest.raises(ValueError, match="lies in the input folder"):
            keep_inputs(tmp_path / inside, tmp_path / read)
    with pytest.raises(ValueError, match="is also an input: write to another"):
        keep_inputs(tmp_path / "in" / "a.spacy", None, tmp_path / "in" / "a.spacy")
    keep_inputs(tmp_path / "other" / "b", tmp_path / "in", tmp_path / "not there", None)
    keep_inputs(None, tmp_path / "in")
