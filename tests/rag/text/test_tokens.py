import os
import threading

import pytest
import tiktoken

from rag.errors import ModelError
from rag.text import tokens
from rag.text.tokens import load_tokenizer


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    return load_tokenizer(tmp_path_factory.mktemp("cache"))


def test_counts_are_those_of_the_encoding_itself(counter):
    text = "UNIDO Director General visits Huawei Headquarters. 中国工业发展 🎉"
    assert counter.name == "cl100k_base"
    assert counter.count(text) == len(counter.encoding.encode_ordinary(text))
    assert counter.count("hello world") == 2
    assert counter.count("") == 0


def test_names_of_special_tokens_count_as_plain_text(counter):
    assert counter.count("<|endoftext|>") > 1


@pytest.mark.parametrize("run", ["a", " ", "\n", "哈", "!"])
def test_a_million_of_one_character_is_counted(counter, run):
    assert counter.count(run * 1_000_000) >= 1_000_000 // 200


def test_loading_leaves_the_environment_as_it_was(tmp_path, monkeypatch):
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    before = dict(os.environ)
    load_tokenizer(tmp_path)
    assert dict(os.environ) == before


def test_a_damaged_copy_is_replaced(tmp_path):
    load_tokenizer(tmp_path)
    (copy,) = (tmp_path / "tiktoken").iterdir()
    copy.write_bytes(b"damaged")
    assert load_tokenizer(tmp_path).count("hello world") == 2


def test_a_copy_made_before_serves_where_the_carrier_is_absent(tmp_path, monkeypatch):
    load_tokenizer(tmp_path)
    monkeypatch.setattr(tokens, "_carried_vocabulary", lambda: None)
    monkeypatch.setattr(tiktoken.load, "read_file", unreachable)
    assert load_tokenizer(tmp_path).count("hello world") == 2


def test_without_vocabulary_or_network_the_error_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens, "_carried_vocabulary", lambda: None)
    monkeypatch.setattr(tiktoken.load, "read_file", unreachable)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "nothing"))
    with pytest.raises(ModelError, match=r"footnote\[models\]"):
        load_tokenizer(tmp_path)


def test_the_users_own_cache_is_used_and_ours_left_empty(tmp_path, monkeypatch):
    load_tokenizer(tmp_path / "first")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "first" / "tiktoken"))
    monkeypatch.setattr(tiktoken.load, "read_file", unreachable)
    assert load_tokenizer(tmp_path / "second").count("hello world") == 2
    assert not (tmp_path / "second").exists()


def test_threads_may_load_at_once(tmp_path):
    counts = []
    threads = [
        threading.Thread(target=lambda: counts.append(load_tokenizer(tmp_path).count("a b")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [2, 2, 2, 2]


def unreachable(address):
    raise OSError(f"no network here: {address}")
