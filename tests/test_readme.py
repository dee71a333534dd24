import re
import tomllib

from rag.config import load_settings, setting_keys
from server.app import create_app
from server.routes.reference import endpoints
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_example_runs_as_printed(tmp_path, monkeypatch, capsys):
    (example,) = blocks("python")
    (tmp_path / "eval").symlink_to(ROOT / "eval")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "24 April 2019" in printed
    assert "huawei" in printed


def test_the_settings_shown_are_all_there_are_with_their_defaults(tmp_path):
    (example,) = blocks("toml")
    shown = tomllib.loads(example)
    flat = {
        f"{section}.{key}": tuple(value) if isinstance(value, list) else value
        for section, table in shown.items()
        if isinstance(table, dict)
        for key, value in table.items()
    }
    defaults = {key: value for key, value, _ in load_settings(environment={}).items()}
    assert {key: defaults[key] for key in flat} == flat
    for key in setting_keys():
        assert key.rpartition(".")[2] in example, key


def test_make_targets_named_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_the_first_screen_shows_an_answer_and_an_abstention():
    first_screen = "\n".join(README.splitlines()[:40])
    assert "[1]" in first_screen
    assert "The archive does not say" in first_screen


def test_the_table_of_endpoints_names_them_all_and_no_others(quick):
    schema = create_app(quick()).openapi()
    offered = {f"{found['method']} {found['path']}" for found in endpoints(schema)}
    shown = set(re.findall(r"`((?:GET|POST|DELETE) /[^`]*)`", README))
    assert shown == offered


def test_the_lines_that_connect_a_local_server_are_settings(tmp_path):
    (lines,) = re.findall(r"```\n(language_model\..*?)```", README, re.DOTALL)
    named = tmp_path / "footnote.toml"
    named.write_text(lines, encoding="utf-8")
    found = load_settings(named, environment={}).language_model
    assert len(lines.splitlines()) <= 3
    assert found.base_url
    assert found.model
