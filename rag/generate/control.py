"""Control tokens of chat templates, which no text of a message may hold."""

from __future__ import annotations

import re

# Servers put messages into the model's template and read the whole as tokens, control tokens
# included; a document that spells one would end its message and begin another's.
_CONTROL = re.compile(
    r"""
    <(?=[|\uff5c])                      # <|im_end|>, <|eot_id|>, and with full-width bars
    | (?<=[|\uff5c])>
    | <(?=/?(?:s|bos|eos|unk|pad|start_of_turn|end_of_turn|start_of_image)>)
    | \[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])
    | <(?=</?SYS>>)
    """,
    re.VERBOSE,
)
# Full-width, so that a reader, and the model, still see what stood there.
_HARMLESS = {"<": "\uff1c", ">": "\uff1e", "[": "\uff3b"}


def without_control_tokens(text: str) -> str:
    """``text`` with the first or last character of each control token made full-width.

    As long as before, and the same where there is none. Covers the families that are in use
    (ChatML, Llama, Mistral, Gemma, DeepSeek, Phi); a template with others is not protected.
    """
    return _CONTROL.sub(lambda found: _HARMLESS[found[0]], text)
