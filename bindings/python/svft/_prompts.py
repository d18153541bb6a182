"""What generation continues: texts, conversations or token ids, one or several."""

from __future__ import annotations

from ctypes import POINTER, c_int32, c_size_t, cast
from typing import Iterable, Mapping, Optional, Sequence, Union

from ._arguments import id_array, items, refusal, string_array, utf8, utf8_json, utf8_texts
from ._library import library

# Messages, or an object of "messages", "tools" and "chat_template_kwargs".
Conversation = Union[Sequence[Mapping[str, object]], Mapping[str, object]]


class Prompts:
    """Prompts of one kind in C's form; ``single`` where one was given and not a sequence."""

    def __init__(self, kind: str, listed: list, single: bool, layout: Optional[bytes]) -> None:
        self.kind = kind
        self.listed = listed
        self.single = single
        self.layout = layout

    def of_model(self) -> tuple:
        """The C function that continues them all, and its arguments from the prompts on."""
        count = len(self.listed)
        if self.kind == "tokens":
            size = max(1, count)
            pointers = (POINTER(c_int32) * size)(
                *[cast(ids, POINTER(c_int32)) for ids, _ in self.listed])
            lengths = (c_size_t * size)(*[length for _, length in self.listed])
            return library.svft_generate_tokens, pointers, lengths, count
        if self.kind == "messages":
            return (
                library.svft_generate_messages, string_array(self.listed), count, self.layout)
        return library.svft_generate, string_array(self.listed), count

    def of_session(self) -> tuple:
        """The C function by which a session continues the one, and its arguments from it on."""
        # Nothing at all is for the library to answer.
        if not self.single and not self.listed and self.kind != "prompt":
            if self.kind == "tokens":
                return library.svft_session_generate_tokens, *id_array([], "tokens")
            return library.svft_session_generate_messages, conversation([]), self.layout
        if not self.single:
            raise TypeError(
                f"generate() of a session expects one prompt, found a list of {len(self.listed)}")
        if self.kind == "tokens":
            return library.svft_session_generate_tokens, *self.listed[0]
        if self.kind == "messages":
            return library.svft_session_generate_messages, self.listed[0], self.layout
        return library.svft_session_generate, self.listed[0]


def prompts(
    prompt: Union[str, Iterable[str], None],
    messages: Union[Conversation, Iterable[Conversation], None],
    tokens: Union[Iterable[int], Iterable[Iterable[int]], None],
    chat_layout: Optional[str],
) -> Prompts:
    """The one of the three that was given; TypeError for none, several and other types."""
    if sum(given is not None for given in (prompt, messages, tokens)) != 1:
        raise TypeError("generate() expects one of a prompt, messages= and tokens=")
    layout = utf8(chat_layout, "chat_layout")
    if prompt is not None:
        single = isinstance(prompt, str)
        listed = [utf8(prompt, "prompt")] if single else utf8_texts(prompt, "prompt")
        return Prompts("prompt", listed, single, layout)
    if messages is not None:
        single = isinstance(messages, Mapping)
        given = [messages] if single else items(messages, "messages", "messages or conversations")
        if not single and given and isinstance(given[0], Mapping) and "role" in given[0]:
            single, given = True, [given]
        listed = [
            conversation(turns, "messages" if single else f"messages[{index}]")
            for index, turns in enumerate(given)]
        return Prompts("messages", listed, single, layout)
    given = items(tokens, "tokens", "token ids or sequences of them")
    single = bool(given) and not isinstance(given[0], Iterable)
    listed = [id_array(given, "tokens")] if single else [
        id_array(ids, f"tokens[{index}]") for index, ids in enumerate(given)]
    return Prompts("tokens", listed, single, layout)


def conversation(messages: Conversation, name: str = "messages") -> bytes:
    """Messages as the JSON text that C takes."""
    if isinstance(messages, Mapping):
        return utf8_json(dict(messages), name)
    turns = items(messages, name, "messages")
    for index, turn in enumerate(turns):
        if not isinstance(turn, Mapping):
            raise refusal(f"{name}[{index}]", "a message (a mapping)", turn)
    return utf8_json([dict(turn) for turn in turns], name)
