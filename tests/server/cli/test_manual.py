import re

import typer

from server.cli.main import app
from server.cli.manual import commands_of, man_page, markdown

ROOT_COMMAND = typer.main.get_command(app)


def test_every_command_and_option_is_described():
    described = {command.usage: command for command in commands_of(ROOT_COMMAND)}
    assert len(described) > 20
    for command in described.values():
        assert command.help, command.usage
        assert all(text for _, text in command.parameters), command.usage


def test_the_manual_page_has_every_command_and_option(footnote):
    code, page, _ = footnote("man")
    assert code == 0
    assert page == man_page(ROOT_COMMAND)
    plain = re.sub(r"\\(?:f[BIR]|&)", "", page).replace(r"\-", "-").replace(r"\(aq", "'")
    for command in commands_of(ROOT_COMMAND):
        assert f".SS {command.usage}\n" in plain
        for name, text in command.parameters:
            assert f".TP\n{name}\n{text}\n" in plain
    requests = set(re.findall(r"^\.\w+", page, re.MULTILINE))
    assert requests == {".TH", ".SH", ".SS", ".TP", ".B"}
    assert not re.search(r"^'", page, re.MULTILINE)


def test_a_bar_in_a_name_does_not_end_its_cell():
    for row in re.findall(r"^\|.*\|$", markdown(ROOT_COMMAND), re.MULTILINE):
        assert len(re.findall(r"(?<!\\)\|", row)) == 3, row


def test_help_shows_what_stands_in_brackets(footnote):
    _, out, _ = footnote("status", "--help")
    assert "[default: ./footnote.toml]" in " ".join(out.split())
