"""Counting: fastokens on the fast path, tiktoken as the reference, one number from both.

They differ in one known case, an apostrophe before U+017F (the long s): tiktoken's pattern takes the pair for
the contraction "'s", fastokens does not. Such text is counted by tiktoken.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import tiktoken

from moonshine_resources.tokenizer.split import exact_chunks
from moonshine_resources.tokenizer.vocabulary import VOCABULARY_SHA256, materialise

TOKENIZER = "o200k_base"

COUNT_CHUNK_BYTES = 256 * 1024
"""Chunk size of `count_utf8`: measured a tenth cheaper per byte than chunks of 64 KiB."""

_LONG_S = "\u017f"
_LONG_S_CONTRACTION = f"'{_LONG_S}"
_BATCH_TEXTS = 64
_BATCH_CHARACTERS = 4_000_000
_LONG_RUN = 500_000
_WHITESPACE = "\t\x0b\x0c \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_LONG_WHITESPACE = re.compile(f"(?<![{_WHITESPACE}])[{_WHITESPACE}]{{{_LONG_RUN},}}+")

#: Numbers of tokens of texts without half surrogate pairs, in order.
FastCounts = Callable[[list[str]], list[int]]

_loaded: dict[Path, TokenCounter] = {}
_loading = Lock()


def load(cache_dir: Path) -> TokenCounter:
    """The counter of this process for `cache_dir`; the first call takes 1 to 2 seconds, later ones nothing.

    Args:
        cache_dir: folder of the vocabulary file, see `vocabulary.materialise`.

    Raises:
        VocabularyError: the vocabulary file is not the one whose hash is known.
    """
    cache_dir = cache_dir.absolute()
    with _loading:
        if cache_dir not in _loaded:
            vocabulary = materialise(cache_dir)
            encoding = tiktoken.get_encoding(TOKENIZER)
            _loaded[cache_dir] = TokenCounter(encoding, _fast_counts(vocabulary, encoding))
        return _loaded[cache_dir]


def _fast_counts(vocabulary: Path, encoding: tiktoken.Encoding) -> FastCounts | None:
    """fastokens over the same file and the same pattern, or None where it is not installed.

    The pattern is read from the encoding rather than copied, so that the two cannot drift apart; a test spells
    it out, because the split points and the whitespace rule were derived from it.
    The flat form of a batch makes no Python object of a token: measured at half the CPU time of `encode_ordinary`,
    and the interpreter stays free for others.
    """
    try:
        from fastokens import Tokenizer
    except ImportError:
        return None
    tokenizer = Tokenizer.from_tiktoken(str(vocabulary), pattern=encoding._pat_str, special_tokens={})

    def counts(texts: list[str]) -> list[int]:
        _, offsets = tokenizer.encode_batch_flat(texts)
        ends = memoryview(offsets).cast("Q")
        return [ends[index + 1] - ends[index] for index in range(len(texts))]

    return counts


class TokenCounter:
    """Exact o200k_base counts; special-token strings such as `<|endoftext|>` count as the text they are.

    Safe to share between threads: the libraries release the interpreter lock and keep no state of a call.
    """

    def __init__(self, encoding: tiktoken.Encoding, fast: FastCounts | None) -> None:
        self._encoding = encoding
        self._fast = fast

    def count(self, text: str) -> int:
        """Number of tokens of `text`.

        Halves of a surrogate pair are joined and lone ones count as U+FFFD, as in tiktoken. Memory grows with
        the text; `count_utf8` counts a huge file.
        """
        return self._count_batch([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text, in order."""
        return [count for batch in _batches(texts) for count in self._count_batch(batch)]

    def count_utf8(
        self,
        buffer: bytes | memoryview | mmap.mmap,
        start: int = 0,
        end: int | None = None,
        target: int = COUNT_CHUNK_BYTES,
    ) -> int:
        """Number of tokens of `buffer[start:end]` decoded as UTF-8, for buffers of any size.

        Equal to the count of the whole text at once: it is cut where cuts are exact (`split.exact_chunks`), and
        a few megabytes of chunks of about `target` bytes are in memory. Bytes that are not UTF-8 are decoded
        with errors="replace" and count as U+FFFD; a byte order mark counts as U+FEFF.

        Raises:
            ValueError: the range does not lie in the buffer.
        """
        end = len(buffer) if end is None else end
        texts = (chunk.decode("utf-8", errors="replace") for chunk in exact_chunks(buffer, start, end, target))
        return sum(sum(self._count_batch(batch)) for batch in _batches(texts))

    def reference(self, text: str) -> int:
        """Number of tokens of `text` by tiktoken alone.

        tiktoken 0.14 panics on a run of about a million white-space characters without a line end in it (the
        stack of its regular expressions; the exception is no `Exception`). The pattern makes such a run one
        piece, less its last character when something else follows. That piece is therefore taken out
        and handed to tiktoken's piece encoder, and what lies before and behind is encoded as usual. A run
        that a line end follows belongs to that line end's piece, and tiktoken bears it.
        """
        total = done = 0
        for run in _LONG_WHITESPACE.finditer(text) if len(text) >= _LONG_RUN else ():
            first, last = run.span()
            if text[last : last + 1] in ("\r", "\n"):
                continue
            if last < len(text):
                last -= 1
            total += len(self._encoding.encode_ordinary(text[done:first]))
            total += len(self._encoding._encode_single_piece(text[first:last]))
            done = last
        return total + len(self._encoding.encode_ordinary(text[done:]))

    def identity(self) -> dict[str, str]:
        """What a ledger records about its counts: tokenizer, vocabulary, and who counted in which version.

        `library` is the reference. `fast_library` did the counting; it is the reference where fastokens is not
        installed.
        """
        fast = "tiktoken" if self._fast is None else "fastokens"
        return {
            "tokenizer": TOKENIZER,
            "library": "tiktoken",
            "version": version("tiktoken"),
            "vocabulary_sha256": VOCABULARY_SHA256,
            "fast_library": fast,
            "fast_version": version(fast),
        }

    def _count_batch(self, texts: list[str]) -> list[int]:
        if self._fast is None:
            return [self.reference(text) for text in texts]
        try:
            counts = self._fast(texts)
        except UnicodeEncodeError:
            counts = self._fast([_without_lone_surrogates(text) for text in texts])
        for index, text in enumerate(texts):
            # One character is found much faster than two, and strings of one byte a character cannot hold it.
            if _LONG_S in text and _LONG_S_CONTRACTION in text:
                counts[index] = self.reference(text)
        return counts


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in order, in lists of bounded number and length; a longer text is a list of its own."""
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == _BATCH_TEXTS or characters + len(text) > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _without_lone_surrogates(text: str) -> str:
    """The repair tiktoken does by itself, for the library that refuses such text."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
