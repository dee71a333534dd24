import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nothing-like-it"), "footnote list"),
        (("ask", "When?", "--since", "yesterday"), "YYYY-MM-DD"),
        (("ask", "When?", "--since", "2025", "--until", "2020"), "after"),
        (("ask", "  "), "empty"),
        (("show", "huawei", "--span", "9:3"), "no document"),
        (("config", "--config", "nowhere.toml"), "nowhere.toml"),
        (("remove", "nothing-like-it"), "no document"),
    ],
)
def test_bad_input_is_one_line_that_names_the_remedy(footnote, tmp_path, arguments, says):
    code, out, err = footnote(*arguments, "--data", tmp_path / "data")
    assert code == 1
    assert says in err
    assert "Traceback" not in out + err


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "server.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_the_version_is_that_of_the_package():
    assert run("--version") == f"footnote {version('footnote')}\n"


def test_a_shell_completes_commands_and_options():
    asked = {"_FOOTNOTE_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    assert run(COMP_WORDS="footnote do", **asked).split() == ["doctor"]
    asked["COMP_CWORD"] = "2"
    assert "--as-of" in run(COMP_WORDS="footnote ask --a", **asked).split()


def test_completion_is_installed_for_a_shell(tmp_path):
    # The parent of this process is no shell to detect.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    run("--install-completion", "bash", **named)
    assert "source" in (tmp_path / ".bashrc").read_text(encoding="utf-8")


def test_the_console_script_answers_help_at_once():
    result = subprocess.run(
        [sys.executable, "-m", "server.cli.main", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "ingest" in result.stdout
