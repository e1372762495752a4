"""Language models behind one call, through their vendors' client libraries; keys come from the environment alone.

In: instructions and a text. Out: what the model answered. Always: a call ends in time, whatever the server does, and
neither key nor text stands in an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, get_args

from moonshine_assets.errors import BadInput, MoonshineError

ModelProvider = Literal["gemini", "openai", "anthropic", "openai-compatible"]
PROVIDERS: tuple[ModelProvider, ...] = get_args(ModelProvider)
#: Where each provider's key is looked for, the first that is set counts.
KEYS: dict[ModelProvider, tuple[str, ...]] = {
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai-compatible": ("OPENAI_COMPATIBLE_API_KEY",),
}
DEFAULT_MODELS: dict[ModelProvider, str] = {
    "gemini": "gemini-2.5-flash-lite",
    "openai": "gpt-5-mini",
    "anthropic": "claude-haiku-4-5",
}
#: Google serves Gemini in OpenAI's form there, too (ai.google.dev/gemini-api/docs/openai).
_GEMINI = "https://generativelanguage.googleapis.com/v1beta/openai/"
_ANSWER_TOKENS = 8_192


class ModelFailed(MoonshineError):
    """A model gave no answer: no key, no connection, too late, refused, or nothing in it."""


class Answer(NamedTuple):
    """What a model said and what that cost, in its own tokens; None where it does not say."""

    text: str
    input_tokens: int | None
    output_tokens: int | None


class LanguageModel(NamedTuple):
    """A model that can be asked.

    Args:
        provider: whose interface it speaks.
        model: its name there.
        base_url: where it is asked; empty: the provider's own address.
        key: its key; never shown (the class hides it).
        seconds: how long one try may take.
        retries: further tries when the server is busy, fails, or cannot be reached.
    """

    provider: ModelProvider
    model: str
    base_url: str
    key: str
    seconds: float
    retries: int

    def __repr__(self) -> str:
        return f"LanguageModel({self.provider!r}, {self.model!r})"

    def ask(self, instructions: str, text: str) -> Answer:
        """One answer.

        Raises:
            ModelFailed: none was had within `seconds` × (`retries` + 1), plus the pauses between tries.
        """
        # loading a client library takes a second or more, which is not the server's
        if self.provider == "anthropic":
            import anthropic  # noqa: F401

            call = self._anthropic
        else:
            import openai  # noqa: F401

            call = self._openai
        answer = _in_time(lambda: call(instructions, text), self.seconds * (self.retries + 1) + 10 * self.retries)
        if not answer.text.strip():
            raise ModelFailed("the answer is empty", where=self._where)
        return answer

    @property
    def _where(self) -> str:
        return f"{self.provider} {self.model}"

    def _openai(self, instructions: str, text: str) -> Answer:
        import openai

        try:
            client = openai.OpenAI(
                api_key=self.key or "none",
                base_url=self.base_url or (_GEMINI if self.provider == "gemini" else None),
                timeout=self.seconds,
                max_retries=self.retries,
            )
            with client:
                made = client.chat.completions.create(
                    model=self.model,
                    messages=[{"role": "system", "content": instructions}, {"role": "user", "content": text}],
                    response_format={"type": "json_object"},
                )
        except openai.OpenAIError as error:
            raise ModelFailed(_told(error), where=self._where, fix=_FIX) from None
        usage = made.usage
        said = made.choices[0].message.content if made.choices else None
        if usage is None:
            return Answer(said or "", None, None)
        return Answer(said or "", usage.prompt_tokens, usage.completion_tokens)

    def _anthropic(self, instructions: str, text: str) -> Answer:
        import anthropic

        try:
            client = anthropic.Anthropic(
                api_key=self.key, base_url=self.base_url or None, timeout=self.seconds, max_retries=self.retries
            )
            with client:
                made = client.messages.create(
                    model=self.model,
                    max_tokens=_ANSWER_TOKENS,
                    system=instructions,
                    messages=[{"role": "user", "content": text}],
                )
        except anthropic.AnthropicError as error:
            raise ModelFailed(_told(error), where=self._where, fix=_FIX) from None
        parts = [block.text for block in made.content if block.type == "text"]
        return Answer("".join(parts), made.usage.input_tokens, made.usage.output_tokens)


_FIX = "check the key in the environment, language_model.base_url and the connection"


def model_of(
    provider: ModelProvider,
    environment: Mapping[str, str],
    *,
    model: str = "",
    base_url: str = "",
    seconds: float = 45.0,
    retries: int = 2,
) -> LanguageModel:
    """The model to ask, with its key out of the environment.

    Raises:
        BadInput: no model name or address is given where the provider has no default.
        ModelFailed: its key is not in the environment. `openai-compatible` servers may do without one.
    """
    name = model or DEFAULT_MODELS.get(provider, "")
    if not name:
        raise BadInput(f"{provider} has no default model", where="moon.toml", fix="set language_model.model")
    if provider == "openai-compatible" and not base_url:
        raise BadInput(f"{provider} has no address", where="moon.toml", fix="set language_model.base_url")
    key = next((environment[name] for name in KEYS[provider] if environment.get(name)), "")
    if not key and provider != "openai-compatible":
        raise ModelFailed("no key in the environment", where=provider, fix=f"set {KEYS[provider][0]}")
    return LanguageModel(provider, name, base_url, key, seconds, retries)


def _told(error: Exception) -> str:
    """What went wrong without a word of the request or the answer: the kind of error and the status."""
    status = getattr(error, "status_code", None)
    return f"{type(error).__name__}{f' (HTTP {status})' if status else ''}"


def _in_time(call: Callable[[], Answer], seconds: float) -> Answer:
    """The result of a call that may not take longer, even when a server sends one byte a second.

    The thread of a call that does is left behind; it ends with the process at the latest.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:
            outcome.append(error)

    worker = threading.Thread(target=run, daemon=True, name="language model")
    worker.start()
    worker.join(seconds)
    if not outcome:
        raise ModelFailed(f"no answer within {seconds:g} s", fix=_FIX)
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    answer: Answer = outcome[0]
    return answer
