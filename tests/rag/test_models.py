"""Which encoder an archive gets: by its languages, then by its index, unless settings say."""

import logging
from dataclasses import replace

import pytest

import rag.models
from embeddings.types import ModelLoadError
from rag.assistant import Assistant
from rag.errors import IndexMismatchError
from rag.models import choose_encoder, settle_encoder
from tests.fakes import HashingEncoder, OverlapReading

ENGLISH = "The lighthouse of Vold was built by Anna Berg in 1871. It is 32 metres high."
GERMAN = "Der Leuchtturm von Brest wurde 1871 von Anna Berg gebaut und ist 32 Meter hoch."


@pytest.fixture
def loaded(monkeypatch):
    """Names of the encoders that were loaded; those in ``missing`` cannot be."""
    names, missing = [], set()

    def load(settings):
        names.append(settings.encoder)
        if settings.encoder in missing:
            raise ModelLoadError(f"no '{settings.encoder}' here", remedy="install it")
        return HashingEncoder(name=settings.encoder)

    monkeypatch.setattr(rag.models, "_load_encoder", load)
    return names, missing


@pytest.fixture
def opened(loaded, tmp_path, settings):
    """A function that opens the same archive, with that encoder in settings."""
    assistants = []

    def open_archive(encoder="auto", data="data"):
        chosen = replace(settings, models=replace(settings.models, encoder=encoder))
        assistants.append(Assistant.open(tmp_path / data, settings=chosen))
        assistants[-1].models.english_reading = OverlapReading()
        assistants[-1].models.multilingual_reading = OverlapReading()
        return assistants[-1]

    yield open_archive
    for assistant in assistants:
        assistant.close()


@pytest.fixture
def files(tmp_path):
    """A function that writes so many files of a text, each one different."""

    def write(name, text, count):
        folder = tmp_path / name
        folder.mkdir()
        for at in range(count):
            (folder / f"{at:03}.txt").write_text(f"{text}\n\n{at}\n", encoding="utf-8")
        return folder

    return write


def encoder_of(assistant):
    return assistant.status().index.encoder.name


@pytest.mark.parametrize(
    ("languages", "recommended", "foreign"),
    [
        ({}, "minilm", 0),
        ({"en": 60}, "minilm", 0),
        ({"en": 19, "zh": 1}, "minilm", 1),
        ({"en": 26, "zh": 30, "de": 4}, "multilingual", 34),
        ({"en": 5, "und": 5}, "minilm", 0),
        ({"he": 1}, "multilingual", 1),
    ],
)
def test_more_than_a_few_documents_in_other_languages_ask_for_the_multilingual_encoder(
    languages, recommended, foreign
):
    choice = choose_encoder("auto", "", languages)
    assert (choice.recommended, choice.foreign) == (recommended, foreign)


def test_languages_at_the_end_of_a_first_ingest_count_as_much_as_at_its_beginning(opened, files):
    english, german = files("a", ENGLISH, 150), files("b", GERMAN, 40)
    report = opened().ingest(english, german)
    assert encoder_of(opened()) == "multilingual"
    choice = report.encoder
    assert (choice.encoder, choice.documents, choice.foreign) == ("multilingual", 190, 40)


def test_an_index_is_asked_with_its_own_encoder_whatever_is_added_later(opened, files):
    assert opened().ingest(files("a", ENGLISH, 3)).encoder.encoder == "minilm"
    later = opened()
    report = later.ingest(files("b", GERMAN, 4))
    assert encoder_of(later) == "minilm"
    assert (report.encoder.recommended, report.encoder.foreign) == ("multilingual", 4)
    later.reindex()
    assert encoder_of(later) == "multilingual"
    # One that was open meanwhile goes on, with the new index's encoder.
    assert later.ask("Wer baute den Leuchtturm?").models["encoder"].name == "multilingual"
    assert later.ingest(files("c", GERMAN + " Neu.", 1)).encoder is None


def test_an_encoder_that_settings_name_is_used_and_no_other_index_opened(opened, files):
    report = opened("bge-small").ingest(files("a", GERMAN, 3))
    assert report.encoder is None
    assert encoder_of(opened()) == "bge-small"
    assert opened().ask("Wer baute den Leuchtturm?").models["encoder"].name == "bge-small"
    with pytest.raises(IndexMismatchError, match=r"settings name 'minilm@1'"):
        opened("minilm").ask("Wer baute den Leuchtturm?")


def test_uploads_to_an_empty_archive_choose_too(opened):
    assistant = opened()
    assistant.add_uploads([("bad.txt", b"\x00\x01" * 900), ("a.txt", GERMAN.encode())])
    assistant.work_off_uploads()
    assert encoder_of(assistant) == "multilingual"


def test_without_its_weights_the_default_encoder_takes_its_place_and_that_is_said(
    opened, loaded, files, caplog
):
    loaded[1].add("multilingual")
    with caplog.at_level(logging.WARNING):
        report = opened().ingest(files("a", GERMAN, 2))
    assert encoder_of(opened()) == "minilm"
    assert report.encoder.recommended == "multilingual"
    assert "no 'multilingual' here): install it" in caplog.text


def test_an_english_archive_never_loads_the_multilingual_encoder(opened, loaded, files, settings):
    opened().ingest(files("a", ENGLISH, 2))
    assert set(loaded[0]) == {"minilm"}
    assert settle_encoder(settings.models, {"en": 3}).encoder == "minilm"
