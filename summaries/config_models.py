"""Settings of language models: fields of `Settings`, and how a client is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from summaries.llm.types import ModelSettings, Price

Mode = Literal["", "offline", "judge", "dig", "paper"]


class Models(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of models, where, and what it may cost."""

    mode: Annotated[
        Mode,
        Meta(
            description="How `locate` answers: `offline`, `judge` (a model orders what the search found), `dig` (and then "
            "looks things up), `paper` (the reference method, for comparison). Empty: `judge` where a model is set, "
            "else `offline`."
        ),
    ] = ""
    offline: Annotated[bool, Meta(description="Refuse every network connection, whoever asks for it.")] = (
        False
    )
    model: Annotated[
        str,
        Meta(
            description="Language model: its name at the endpoint, or `file:DIR` for answers by file exchange."
        ),
    ] = ""
    model_url: Annotated[
        str,
        Meta(description="OpenAI-compatible endpoint, as `http://localhost:11434/v1`. Empty: OpenAI's own."),
    ] = ""
    model_key: Annotated[
        str,
        Meta(
            description="Environment variable that holds the endpoint's key. Empty: `OPENAI_API_KEY` for OpenAI's "
            "own endpoint, no key for others. The key itself is never stored."
        ),
    ] = ""
    model_timeout: Annotated[
        float,
        Meta(ge=0, description="Seconds that an answer may take; with `file:DIR` 0 is not to wait for it."),
    ] = 60.0
    model_attempts: Annotated[
        int, Meta(ge=1, le=20, description="Tries of a call that fails for a while.")
    ] = 5
    model_jobs: Annotated[int, Meta(ge=1, le=256, description="Calls at once.")] = 8
    model_rate: Annotated[float, Meta(ge=0, description="Calls a minute at most; 0 is no limit.")] = 0.0
    model_stream: Annotated[
        bool, Meta(description="Read answers as they are written, for gateways that cut long waits off.")
    ] = False
    model_budget: Annotated[
        float,
        Meta(
            ge=0,
            description="Money that one run may spend, or a service in 24 hours, by `prices`; 0 is no limit.",
        ),
    ] = 0.0
    model_tokens: Annotated[
        int, Meta(ge=0, description="Tokens that one run may use, or a service in 24 hours; 0 is no limit.")
    ] = 0
    judge_seconds: Annotated[
        float,
        Meta(
            ge=0,
            description="After so many seconds the offline answer is given; 0 waits. `file:DIR` always waits.",
        ),
    ] = 30.0
    judge_spare: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Confidence of the search from which no model is asked, as .8: easy reports cost nothing. 0: one "
            "always is.",
        ),
    ] = 0.0
    judge_small: Annotated[
        bool, Meta(description="A short prompt with ten candidates, for models of some 7B weights.")
    ] = False
    dig: Annotated[
        bool,
        Meta(
            description="In mode `judge`: let the model look things up where its first answer is in doubt. Mode `dig` "
            "always does."
        ),
    ] = False
    dig_model: Annotated[str, Meta(description="Model that looks things up. Empty: `model`.")] = ""
    dig_turns: Annotated[int, Meta(ge=1, le=12, description="Calls after the first one, at most.")] = 4
    dig_tokens: Annotated[
        int, Meta(ge=8000, le=1_000_000, description="Tokens of all calls of one question, at most.")
    ] = 25_000
    dig_seconds: Annotated[
        float,
        Meta(ge=0, description="Time for looking things up; then the first answer stands. 0 waits."),
    ] = 120.0
    prompts: Annotated[
        str, Meta(description="Folder with prompts of your own, named as those in `summaries/llm/prompts`.")
    ] = ""
    prices: Annotated[
        Mapping[str, Price],
        Meta(
            description="Money for a million tokens by model: `[prompt, answer]`, or `[prompt, answer, cached prompt]`."
        ),
    ] = {}
    model_options: Annotated[
        Mapping[str, Any], Meta(description="Further parameters of every call, as `reasoning_effort`.")
    ] = {}


def reach(settings: Models, model: str = "") -> ModelSettings:
    """How the configured model, or another one at its endpoint, is reached."""
    return ModelSettings(
        model=model or settings.model,
        url=settings.model_url,
        key=settings.model_key,
        timeout=settings.model_timeout,
        attempts=settings.model_attempts,
        jobs=settings.model_jobs,
        rate=settings.model_rate,
        budget=settings.model_budget,
        tokens=settings.model_tokens,
        prices=settings.prices,
        stream=settings.model_stream,
        options=settings.model_options,
        offline=settings.offline,
    )
