from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from embeddings.encoder import load_encoder
from embeddings.precision import PROBE_TEXTS
from embeddings.registry import MODELS
from embeddings.types import Encoder, ModelLoadError
from embeddings.weights import carrier_folder

# Importing torch and transformers alone takes most of ten seconds.
pytestmark = pytest.mark.slow

TEXTS = [
    *PROBE_TEXTS,
    "",
    "word " * 700,
    "The office in Nairobi opened in July 2016, said the ministry.",
]
MINILM_FOLDER = carrier_folder(MODELS["minilm"].carrier)

if MINILM_FOLDER is None:
    pytest.skip("footnote[models] is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def minilm(cache_dir: Path) -> Encoder:
    return load_encoder(cache_dir=cache_dir, dtype="float32", batch_size=4)


def test_every_row_is_a_float32_unit_vector(minilm: Encoder) -> None:
    rows = minilm.encode_passages(TEXTS)
    assert rows.dtype == np.float32
    assert rows.shape == (len(TEXTS), 384)
    assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-6


def test_batching_by_length_changes_neither_order_nor_vectors(minilm: Encoder) -> None:
    alone = np.concatenate([minilm.encode_passages([text]) for text in TEXTS])
    assert np.abs(minilm.encode_passages(TEXTS) - alone).max() < 1e-5


def test_no_texts_give_no_rows(minilm: Encoder) -> None:
    assert minilm.encode_passages([]).shape == (0, 384)
    assert minilm.encode_queries([]).shape == (0, 384)
    assert minilm.count_tokens([]) == []


def test_progress_adds_up_to_all_texts_in_batches(minilm: Encoder) -> None:
    steps: list[int] = []
    minilm.encode_passages(TEXTS, progress=steps.append)
    assert sum(steps) == len(TEXTS)
    assert steps == [4] * (len(TEXTS) // 4) + [len(TEXTS) % 4] * (len(TEXTS) % 4 > 0)


def test_tokens_are_counted_beyond_what_is_read(minilm: Encoder) -> None:
    assert minilm.max_tokens == 256
    # [CLS] and [SEP] belong to the count.
    assert minilm.count_tokens(["", "hello world", "word " * 700]) == [2, 4, 702]


def test_text_beyond_the_limit_is_not_read(minilm: Encoder) -> None:
    read = "word " * 254
    rows = minilm.encode_passages([read, read + "Nairobi", "Nairobi " + read])
    assert rows[0] @ rows[1] > 1 - 1e-6
    assert rows[0] @ rows[2] < 1 - 1e-3


def test_a_question_is_nearest_to_the_passage_that_answers_it(minilm: Encoder) -> None:
    query = minilm.encode_queries(["When did the Nairobi office open?"])
    assert int(np.argmax(minilm.encode_passages(TEXTS) @ query[0])) in (1, len(TEXTS) - 1)


def test_the_identity_names_the_weights(minilm: Encoder) -> None:
    identity = minilm.identity
    assert (identity.name, identity.dimension) == ("minilm", 384)
    assert identity.revision == MODELS["minilm"].carrier.files["model.safetensors"]
    assert (identity.query_prompt, identity.passage_prompt) == ("", "")


def test_prompts_are_put_before_texts_counted_and_part_of_the_identity(
    minilm: Encoder, cache_dir: Path
) -> None:
    prompted = load_encoder(
        cache_dir=cache_dir, dtype="float32", query_prompt="query: ", passage_prompt="passage: "
    )
    assert prompted.identity != minilm.identity
    for rows, prompt in (
        (prompted.encode_queries(["ships"]), "query: "),
        (prompted.encode_passages(["ships"]), "passage: "),
    ):
        assert np.abs(rows - minilm.encode_passages([f"{prompt}ships"])).max() < 1e-6
    assert prompted.count_tokens(["ships"]) == minilm.count_tokens(["passage: ships"])


def test_threads_that_count_and_encode_together_disturb_nobody(minilm: Encoder) -> None:
    rows, counts = minilm.encode_passages(TEXTS), minilm.count_tokens(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        encoded = [pool.submit(minilm.encode_passages, TEXTS) for _ in range(4)]
        counted = [pool.submit(minilm.count_tokens, TEXTS) for _ in range(20)]
        assert all(future.result() == counts for future in counted)
        assert all(np.abs(future.result() - rows).max() < 1e-5 for future in encoded)


def test_bfloat16_keeps_every_vector_where_it_was(minilm: Encoder, cache_dir: Path) -> None:
    rough = load_encoder(cache_dir=cache_dir, dtype="bfloat16")
    rows = rough.encode_passages(TEXTS)
    assert rows.dtype == np.float32
    cosines = (rows * minilm.encode_passages(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999
    # It did run in fewer bits; equal rows would mean that it did not.
    assert cosines.max() < 1 - 1e-7
    assert rough.identity == minilm.identity


def test_auto_gives_vectors_that_may_be_mixed_with_float32(
    minilm: Encoder, cache_dir: Path
) -> None:
    rows = load_encoder(cache_dir=cache_dir, dtype="auto").encode_passages(TEXTS)
    assert (rows * minilm.encode_passages(TEXTS)).sum(axis=1).min() > 0.999


def test_bge_small_puts_its_prompt_before_questions_only(cache_dir: Path) -> None:
    bge = load_encoder("bge-small", cache_dir=cache_dir)
    assert bge.max_tokens == 512
    assert bge.identity.query_prompt == "Represent this sentence for searching relevant passages: "
    assert bge.identity.passage_prompt == ""
    query = bge.encode_queries(["When did the Nairobi office open?"])
    scores = bge.encode_passages(TEXTS) @ query[0]
    assert int(np.argmax(scores)) in (1, len(TEXTS) - 1)
    unprompted = bge.encode_passages(["When did the Nairobi office open?"])
    assert query[0] @ unprompted[0] < 0.999


def test_a_local_folder_loads_as_the_registered_model_does(
    minilm: Encoder, cache_dir: Path
) -> None:
    local = load_encoder(str(MINILM_FOLDER), cache_dir=cache_dir, dtype="float32")
    assert local.identity.name == str(MINILM_FOLDER)
    assert local.identity.revision == minilm.identity.revision
    assert np.abs(local.encode_passages(TEXTS) - minilm.encode_passages(TEXTS)).max() < 1e-6


def test_a_folder_that_is_no_model_is_an_error_that_names_it(
    tmp_path: Path, cache_dir: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelLoadError, match="could not be loaded") as raised:
        load_encoder(str(tmp_path), cache_dir=cache_dir)
    assert str(tmp_path) in str(raised.value)


def test_loading_is_silent_and_asks_no_network(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    load_encoder(cache_dir=cache_dir).encode_queries(["quiet?"])
    load_encoder("bge-small", cache_dir=cache_dir).encode_queries(["quiet?"])
    assert asked == []
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def multilingual(cache_dir: Path) -> Encoder:
    return load_encoder("multilingual", cache_dir=cache_dir)


def test_a_question_is_nearest_to_the_passage_that_answers_it_in_another_language(
    multilingual: Encoder,
) -> None:
    chinese = ["李勇于2019年4月24日在深圳参观了华为总部。", "上海市市长会见了代表团。"]
    english = [
        "The recipe needs two eggs and a cup of flour.",
        "The office in Nairobi opened in July 2016, said the ministry.",
    ]
    # One language a list: like is a little nearer to like, whatever it says.
    for query, passages, nearest in (
        ("When did Li Yong visit Huawei?", chinese, 0),
        ("Whom did the mayor of Shanghai meet?", chinese, 1),
        ("内罗毕办事处是哪一年开设的？", english, 1),
    ):
        scores = multilingual.encode_passages(passages) @ multilingual.encode_queries([query])[0]
        assert int(scores.argmax()) == nearest


@pytest.mark.parametrize(("name", "reads"), [("minilm", "english"), ("multilingual", "any")])
def test_what_a_tokenizer_shows_is_what_the_registry_says(
    name: str, reads: str, request: pytest.FixtureRequest
) -> None:
    encoder = request.getfixturevalue(name)
    assert encoder.reads == MODELS[name].reads == reads
    assert encoder._loaded.knows_chinese() == (reads == "any")


def test_what_a_model_reads_can_be_set(cache_dir: Path) -> None:
    assert load_encoder(cache_dir=cache_dir, dtype="float32", reads="any").reads == "any"


def test_the_multilingual_tokenizer_is_used_as_its_file_says(
    multilingual: Encoder, cache_dir: Path
) -> None:
    (file,) = cache_dir.glob("models/multilingual-*/tokenizer.json")
    whole = Tokenizer.from_file(str(file))
    texts = ["", "工发组织的总干事是谁？", "Ｈｅllo\tcafé ﬁne", "word " * 700]
    expected = [len(whole.encode(f"passage: {text}")) for text in texts]
    assert multilingual.count_tokens(texts) == expected
    assert multilingual.max_tokens == 512
