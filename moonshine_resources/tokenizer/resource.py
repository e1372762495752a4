"""The tokenizer as a Dagster resource."""

from __future__ import annotations

import os
from pathlib import Path

from dagster import ConfigurableResource
from pydantic import Field

from moonshine_assets.errors import VocabularyError
from moonshine_resources.tokenizer.counter import TokenCounter, load


class TokenizerResource(ConfigurableResource):
    """Gives assets the one token counter of the process."""

    cache_dir: str = Field(
        default="",
        description="Folder of the vocabulary file; TIKTOKEN_CACHE_DIR of the environment when empty.",
    )

    def counter(self) -> TokenCounter:
        """The counter, loaded on first use.

        Raises:
            VocabularyError: no folder is named, or its vocabulary file is not the one whose hash is known.
        """
        cache_dir = self.cache_dir or os.environ.get("TIKTOKEN_CACHE_DIR", "")
        if not cache_dir:
            raise VocabularyError(
                "no folder is named for the vocabulary file",
                where="TokenizerResource.cache_dir",
                fix="name one there or in TIKTOKEN_CACHE_DIR",
            )
        return load(Path(cache_dir))
