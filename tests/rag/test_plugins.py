"""Stores, readers and encoders that another package brings: each installed at run time."""

import sys
import tomllib

import pytest

from embeddings.registry import names_of_kind
from rag.assistant import Assistant
from rag.config import load_settings
from rag.errors import SettingsError
from rag.plugins import load_plugin, plugin_names
from rag.read.base import installed_readers
from rag.read.reader import read_document, supported_suffixes
from rag.store.open import open_store
from tests.conftest import ROOT

GROUPS = ("footnote.stores", "footnote.readers", "footnote.encoders")

MODULE = """
from rag.errors import ReadError
from rag.read.base import Content, Reader
from rag.store.local.store import LocalStore
from tests.fakes import HashingEncoder

def open_traced(data):
    opened.append(data)
    return LocalStore.open(data)

def read_rot13(data, source):
    import codecs
    return Content(codecs.decode(data.decode(), "rot13"), title="", metadata={"cipher": "rot13"})

def load_encoder(name, **options):
    return HashingEncoder(64, name=name, passage_prompt=options["passage_prompt"] or "")

opened = []
ROT13 = Reader("text/rot13", (".rot13",), read_rot13)
OTHER = Reader("text/other", (".txt",), read_rot13)
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """A function that installs a package, whose entry points are given by group."""

    def add(package="acme-footnote", **groups):
        folder = tmp_path / package
        folder.mkdir()
        (folder / "acme.py").write_text(MODULE, encoding="utf-8")
        metadata = folder / f"{package.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text(
            "\n".join(f"[footnote.{group}]\n{line}" for group, line in groups.items())
        )
        monkeypatch.syspath_prepend(folder)

    yield add
    sys.modules.pop("acme", None)
    installed_readers.cache_clear()


def test_footnotes_own_parts_are_installed_the_same_way():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for group in GROUPS:
        assert plugin_names(group) == sorted(project["entry-points"][group]), "install it again"
        for name in plugin_names(group):
            assert load_plugin(group, name) is not None
    assert plugin_names("footnote.encoders") == sorted(names_of_kind("encoder"))


def test_a_store_of_another_package_is_opened_by_its_kind(install, tmp_path, settings):
    install(stores="acme = acme:open_traced")
    chosen = load_settings(environment={"FOOTNOTE_STORE_KIND": "acme"})
    with Assistant.open(tmp_path / "data", settings=chosen) as assistant:
        assert assistant.status().documents == 0
    assert sys.modules["acme"].opened == [tmp_path / "data"]


def test_an_unknown_kind_of_store_names_those_installed(tmp_path):
    with pytest.raises(SettingsError) as caught:
        open_store("postgres", tmp_path)
    assert "no store of the kind 'postgres'" in caught.value.detail
    assert "local" in caught.value.remedy


def test_a_reader_of_another_package_reads_its_suffix(install):
    install(readers="rot13 = acme:ROT13")
    installed_readers.cache_clear()
    assert ".rot13" in supported_suffixes()
    read = read_document("/a/note.rot13", b"Gur png chef.")
    assert read.text == "The cat purs."
    assert read.metadata == {"media_type": "text/rot13", "bytes": "13", "cipher": "rot13"}


def test_two_readers_of_one_suffix_are_refused(install):
    install(readers="other = acme:OTHER")
    installed_readers.cache_clear()
    with pytest.raises(SettingsError, match=r"both take \.txt files"):
        supported_suffixes()


def test_an_encoder_of_another_package_is_loaded_by_its_name(install, tmp_path):
    install(encoders="acme = acme:load_encoder")
    chosen = load_settings(
        environment={"FOOTNOTE_MODELS_ENCODER": "acme", "FOOTNOTE_MODELS_PASSAGE_PROMPT": "text: "}
    )
    with Assistant.open(tmp_path / "data", settings=chosen) as assistant:
        identity = assistant.encoder.identity
    assert (identity.name, identity.dimension, identity.passage_prompt) == ("acme", 64, "text: ")


def test_a_part_that_cannot_be_loaded_names_its_package(install, tmp_path):
    install(stores="gone = acme:no_such_name")
    with pytest.raises(SettingsError, match=r"acme-footnote.*install or uninstall"):
        open_store("gone", tmp_path)


def test_a_name_that_two_packages_install_is_refused(install, tmp_path):
    install(stores="twin = acme:open_traced")
    install("zenith-footnote", stores="twin = acme:open_traced")
    with pytest.raises(SettingsError, match="acme-footnote, zenith-footnote"):
        open_store("twin", tmp_path)
