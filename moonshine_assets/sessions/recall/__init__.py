"""What was said before, found again: a question comes in, quoted places of archived sessions go out.

In: the texts of archived sessions. Out: a lexical index of them, and answers cited to file and line. Always: the index
is derived and made anew when it is lost or damaged; what is quoted stands in the file at that line; the same question
to the same texts has the same answer; and what a session said is handed on as data, never as an instruction.
"""

from moonshine_assets.sessions.recall.find import recall
from moonshine_assets.sessions.recall.index import Indexed, index_archive, index_texts, rebuild_index, verify_index

__all__ = ["Indexed", "index_archive", "index_texts", "rebuild_index", "recall", "verify_index"]
