"""Files are written whole or not at all."""

import pytest

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
