"""What generation continues: texts, conversations or token ids, one or several."""

from __future__ import annotations

import json
from ctypes import POINTER, c_int32, c_size_t, cast
from typing import Mapping, Optional, Sequence, Union

from ._library import encoded, id_array, library, string_array

# Messages, or an object of "messages", "tools" and "chat_template_kwargs".
Conversation = Union[Sequence[Mapping[str, object]], Mapping[str, object]]


class Prompts:
    """A C function that continues prompts, and its arguments before the params."""

    def __init__(self, function, count: int, arguments: tuple, single: bool) -> None:
        self.function = function
        self.count = count
        self.arguments = arguments
        self.single = single


def prompts(
    texts: Union[str, Sequence[str], None],
    messages: Union[Conversation, Sequence[Conversation], None],
    tokens: Union[Sequence[int], Sequence[Sequence[int]], None],
    chat_layout: Optional[str],
) -> Prompts:
    """The one of the three that was given."""
    if sum(given is not None for given in (texts, messages, tokens)) != 1:
        raise TypeError("generate() expects one of a prompt, messages= and tokens=")
    if texts is not None:
        single = isinstance(texts, str)
        listed = [texts] if single else list(texts)
        return Prompts(
            library.svft_generate, len(listed), (string_array(listed), len(listed)), single)
    if messages is not None:
        single = isinstance(messages, Mapping) or len(messages) > 0 and "role" in messages[0]
        listed = [conversation(turns) for turns in ([messages] if single else messages)]
        arguments = (string_array(listed), len(listed), encoded(chat_layout))
        return Prompts(library.svft_generate_messages, len(listed), arguments, single)
    single = len(tokens) > 0 and not hasattr(tokens[0], "__len__")
    listed = [tokens] if single else list(tokens)
    pointers = [cast(id_array(ids), POINTER(c_int32)) for ids in listed]
    size = max(1, len(listed))
    arguments = (
        (POINTER(c_int32) * size)(*pointers), (c_size_t * size)(*map(len, listed)), len(listed))
    return Prompts(library.svft_generate_tokens, len(listed), arguments, single)


def conversation(messages: Conversation) -> str:
    """Messages as the JSON text that C takes."""
    if isinstance(messages, Mapping):
        return json.dumps(dict(messages))
    return json.dumps([dict(message) for message in messages])
