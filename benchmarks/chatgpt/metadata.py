"""Message metadata, which makes up most of a real export: requests, search results, citations, kernel output."""

from random import Random
from typing import Any

from benchmarks.chatgpt.prose import Topic, Writer
from benchmarks.chatgpt.tree import new_id

Json = dict[str, Any]
ENTRY_BYTES = 620  # one search result or citation with its snippet, written as JSON
HOSTS = [f"{name}.example" for name in ("docs", "wiki", "forum", "journal", "news", "archive", "papers")]
MODELS = {
    2024: ["gpt-4o", "gpt-4", "gpt-4o-mini", "o1-preview"],
    2025: ["gpt-4o", "gpt-5", "gpt-5-thinking", "o3", "o4-mini-high"],
}


def user_metadata(rng: Random, generation: int, attachments: list[Json]) -> Json:
    made: Json = {"timestamp_": "absolute", "message_type": None}
    if generation == 2025:
        made |= {
            "selected_github_repos": [],
            "serialization_metadata": {"custom_symbol_offsets": []},
            "request_id": _request_id(rng),
            "message_source": None,
            "turn_exchange_id": new_id(rng),
        }
    if attachments:
        made["attachments"] = attachments
    return made


def assistant_metadata(rng: Random, generation: int, parent: str | None, model: str) -> Json:
    made: Json = {
        "citations": [],
        "content_references": [],
        "gizmo_id": None,
        "message_type": "next",
        "model_slug": model,
        "default_model_slug": "auto",
        "parent_id": parent,
        "finish_details": {"type": "stop", "stop_tokens": [200002]},
        "is_complete": True,
        "request_id": _request_id(rng),
        "timestamp_": "absolute",
    }
    if generation == 2025:
        made |= {
            "message_source": None,
            "turn_exchange_id": new_id(rng),
            "safe_urls": [],
            "sonic_classification_result": {
                "latency_ms": round(rng.random() * 90, 6),
                "search_prob": rng.random(),
                "force_search_threshold": 0.54,
                "classifier_config_name": "sonic_force_pg_switcher_renderer",
            },
            "search_result_groups": [],
            "image_results": [],
        }
    return made


def page(rng: Random, writer: Writer, topic: Topic) -> Json:
    """A web page as search results describe it."""
    host = rng.choice(HOSTS)
    title = rng.choice(topic.phrases).capitalize()
    path = title.lower().replace(" ", "-")
    return {
        "url": f"https://{rng.choice(['www', 'en', 'm'])}.{host}/{path}/{rng.randrange(10**6)}",
        "title": f"{title} - {host}",
        "snippet": writer.sentences(rng, topic, rng.randrange(80, 260)),
        "pub_date": rng.choice([None, round(rng.uniform(1.4e9, 1.7e9), 1)]),
        "attribution": host,
    }


def search_groups(rng: Random, pages: list[Json]) -> list[Json]:
    """`metadata.search_result_groups`: results by site, as written since 2025."""
    groups: list[Json] = []
    for start in range(0, len(pages), 3):
        entries = [
            {
                "type": "search_result",
                **found,
                "ref_id": {"turn_index": 0, "ref_type": "search", "ref_index": start + offset},
                "content_type": None,
                "attributions": None,
            }
            for offset, found in enumerate(pages[start : start + 3])
        ]
        groups.append({"type": "search_result_group", "domain": rng.choice(entries)["attribution"], "entries": entries})
    return groups


def cited(text: str, rng: Random, pages: list[Json], generation: int) -> tuple[str, list[Json], list[Json]]:
    """The text with citation marks after some sentences, its content_references and its citations.

    2025 marks are private-use spans, 2024 marks are `【n†source】`. Offsets count code points of the text
    returned, as in the exports.
    """
    pieces = text.split(". ")
    marked: list[str] = []
    references: list[Json] = []
    citations: list[Json] = []
    position = 0
    for index, piece in enumerate(pieces):
        mark = ""
        if index < len(pages):
            turn = rng.randrange(6)
            mark = f"\ue200cite\ue202turn{turn}search{index}\ue201" if generation == 2025 else f"【{index}†source】"
        body = piece + mark + (". " if index < len(pieces) - 1 else "")
        if mark:
            start = position + len(piece)
            references.append(_reference(pages[index], mark, start))
            citations.append(_citation(pages[index], start, start + len(mark), index))
        marked.append(body)
        position += len(body)
    return "".join(marked), references, citations


def _reference(found: Json, mark: str, start: int) -> Json:
    item = {
        **found,
        "attribution_segments": None,
        "supporting_websites": [],
        "hue": None,
        "attributions": None,
    }
    return {
        "matched_text": mark,
        "start_idx": start,
        "end_idx": start + len(mark),
        "safe_urls": [found["url"]],
        "refs": [],
        "alt": f"([{found['attribution']}]({found['url']}))",
        "prompt_text": None,
        "type": "grouped_webpages",
        "items": [item],
        "status": "done",
        "error": None,
        "style": None,
    }


def _citation(found: Json, start: int, end: int, index: int) -> Json:
    return {
        "start_ix": start,
        "end_ix": end,
        "citation_format_type": "tether_og",
        "metadata": {
            "type": "webpage",
            "title": found["title"],
            "url": found["url"],
            "text": found["snippet"],
            "pub_date": None,
            "extra": {"cited_message_idx": 3, "search_result_idx": index, "evidence_text": "source"},
        },
    }


def aggregate_result(rng: Random, code: str, output: str, fill: str) -> Json:
    """What the code interpreter reports beside its `execution_output`."""
    run_id = new_id(rng)
    started = round(rng.uniform(1.7e9, 1.76e9), 6)
    stream = {"msg_type": "stream", "parent_header": {"msg_id": run_id, "version": "5.3"}}
    return {
        "status": "success",
        "run_id": run_id,
        "start_time": started,
        "update_time": started + 1.5,
        "end_time": started + 1.6,
        "code": code,
        "final_expression_output": output[:400],
        "in_kernel_exception": None,
        "system_exception": None,
        "messages": [{"message_type": "stream", "time": started, "stream_name": "stdout", "text": output}],
        "jupyter_messages": [
            {
                "msg_type": "status",
                "parent_header": stream["parent_header"],
                "content": {"execution_state": "busy"},
            },
            {**stream, "content": {"name": "stdout", "text": output}},
            {
                "msg_type": "display_data",
                "parent_header": stream["parent_header"],
                "content": {"data": {"text/plain": "<Figure>", "text/html": fill}},
            },
            {
                "msg_type": "status",
                "parent_header": stream["parent_header"],
                "content": {"execution_state": "idle"},
            },
        ],
        "timeout_triggered": None,
    }


def _request_id(rng: Random) -> str:
    return f"{rng.getrandbits(64):016x}-{rng.choice(['ZRH', 'FRA', 'IAD', 'NRT'])}"
