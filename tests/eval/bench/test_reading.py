import sys

import pytest

from eval.bench import reading
from eval.bench.reading import Speed, find_files, measure


def test_files_of_known_types_are_found_in_folders_and_by_name(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/two.txt", "one.md", "three.bin"):
        (tmp_path / name).write_text(f"This is {name}.")
    found = list(find_files([tmp_path, tmp_path / "one.md"]))
    assert [name for name, _ in found] == ["two.txt", "one.md", "one.md"]
    assert found[0][1] == b"This is b/two.txt."


def test_every_kind_of_work_is_timed_over_the_same_characters():
    text = "The mill opened in 1911. It closed in 1950.\n\n" * 200
    speed = measure([("note.txt", text.encode())])
    assert speed.characters == len(text)
    assert min(speed.reading, speed.splitting, speed.reference) > 0


def test_the_ratio_is_of_reading_and_splitting_to_the_reference():
    assert Speed(10, reading=2.0, splitting=1.0, reference=0.5).ratio == pytest.approx(6)


def test_the_command_prints_speeds_and_their_ratio(tmp_path, monkeypatch, capsys):
    (tmp_path / "note.txt").write_text("The mill opened in 1911. It closed in 1950.\n\n" * 500)
    monkeypatch.setattr(sys, "argv", ["reading", str(tmp_path), "--rounds", "1"])
    reading.main()
    out = capsys.readouterr().out
    assert out.startswith("1 files, 22,500 characters")
    assert "times the reference" in out
