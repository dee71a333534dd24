def test_text_of_a_document_is_never_read_as_terminal_markup(footnote, tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "a.txt").write_text(
        "[bold red]Alert[/bold red]\n\nThe [link=x]ship[/link] sank :skull: in 1912 off Cape Race."
        "\x1b[2J\x9b31m",
        "utf-8",
    )
    data = ("--data", tmp_path / "data")
    footnote("ingest", folder, *data)
    out = footnote("show", "a.txt", *data)[1]
    assert "[bold red]Alert[/bold red]" in out
    assert "[link=x]ship[/link] sank :skull:" in out
    assert not {"\x1b", "\x9b"} & set(out)


def test_a_document_is_printed_into_a_pipe_as_it_is_not_wrapped(footnote, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    line = "The ship " + "sailed and " * 30 + "sank."
    (tmp_path / "long.txt").write_text(line, encoding="utf-8")
    data = ("--data", tmp_path / "data")
    footnote("ingest", tmp_path / "long.txt", *data)
    assert line in footnote("show", "long.txt", *data)[1]
