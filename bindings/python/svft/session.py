"""Sessions: a text in progress and what was computed for it, kept between calls and in files."""

from __future__ import annotations

import json
from ctypes import byref, c_int32, c_size_t
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Optional, Union

from ._arguments import AnyPath, utf8, utf8_path
from ._calls import Call
from ._generation import OnToken, generation_params, stream, token_callback
from ._handle import Handle
from ._library import Strings, check, library, text_out
from ._prompts import Conversation, prompts

if TYPE_CHECKING:
    from .model import Model


class Session(Handle):
    """A text in progress: made by ``Model.session`` or ``Model.load_session``.

    A prompt given to it is the whole text; what it begins with in common with the text before is
    not computed again. Use as a context manager or ``close`` it. It generates as long as its model
    is open.
    """

    _free = library.svft_session_free
    _made_by = "Model.session or Model.load_session"

    def __init__(self, handle, model: "Model") -> None:
        super().__init__(handle)
        self.model = model
        self.reused = 0
        """Ids of the last prompt that were not computed again."""

    def generate(
        self, prompt: Optional[str] = None, *, messages: Optional[Conversation] = None,
        tokens: Optional[Iterable[int]] = None, chat_layout: Optional[str] = None,
        stream: bool = False, on_token: Optional[OnToken] = None, **options,
    ) -> "Union[str, Iterator[str]]":
        """Continues the whole text: a prompt, ``messages`` of a conversation, or ``tokens``.

        Options, ``adapters``, ``on_token`` and ``stream`` as in ``Model.generate``; where the
        adapter is another than before, all is computed again; max_tokens=0 computes the
        prompt alone, for beginnings that many texts share. Also after an error the session holds
        the prompt and what was generated until then.
        """
        call = prompts(prompt, messages, tokens, chat_layout).of_session()
        return self._continue(call, stream, on_token, options)

    def extend(
        self, text: str = "", *, stream: bool = False, on_token: Optional[OnToken] = None,
        **options,
    ) -> "Union[str, Iterator[str]]":
        """Adds a text, which may be empty, to the session's and continues that."""
        return self._continue(
            (library.svft_session_extend, utf8(text, "text")), stream, on_token, options)

    def _continue(
        self, call: tuple, streams: bool, on_token: Optional[OnToken], options: Mapping,
    ) -> "Union[str, Iterator[str]]":
        if not streams:
            return self._run(call, on_token, options)
        if on_token is not None:
            raise TypeError("stream=True expects no on_token")
        return stream(lambda receive: self._run(call, receive, options))

    def _run(self, call: tuple, on_token: Optional[OnToken], options: Mapping) -> str:
        function, *prompt = call
        params, kept = generation_params(options, 1)
        running, out, reused = Call(self.model._handle), Strings(), c_size_t()
        running.run(
            function, self._handle, *prompt, byref(params), token_callback(running, on_token), None,
            out.pointers, byref(reused))
        self.reused = reused.value
        return out.texts()[0]

    @property
    def tokens(self) -> "list[int]":
        """Ids of the text so far: prompt and what was generated, without an end token."""
        count = c_size_t()
        library.svft_session_tokens(self._handle, None, 0, byref(count))
        ids = (c_int32 * max(1, count.value))()
        check(library.svft_session_tokens(self._handle, ids, count.value, byref(count)))
        return list(ids[: count.value])

    def save(self, path: AnyPath) -> None:
        """Writes text and what was computed into one file, for ``Model.load_session``."""
        check(library.svft_session_save(self._handle, utf8_path(path, "path")))

    def describe(self) -> dict:
        """Number of tokens, of computed ones among them, and the context."""
        return json.loads(text_out(library.svft_session_describe, self._handle))
