"""The content objects of ChatGPT messages, one case a kind of step."""

from __future__ import annotations

from typing import Any

from story import Step, stable_id

HIDDEN = {"is_visually_hidden_from_conversation": True}
FILES = {"leaf.png": "file-Lf4Qm8Wc2Zr7Ty1Bn6Kd3P", "yard-notes.txt": "file-Yd9Nt3Xa5Hs2Vb8Lc4Rm7Q"}


def content_of(
    step: Step, options: dict[str, Any], ids: dict[str, str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Content and extra metadata of a step; takes the options it understands out of `options`."""
    text = {"content_type": "text", "parts": [step.body]}
    match step.kind:
        case "system":
            return {"content_type": "text", "parts": [""]}, dict(HIDDEN)
        case "context":
            profile, instructions = step.body.split("\n---\n")
            content = {
                "content_type": "user_editable_context",
                "user_profile": profile,
                "user_instructions": instructions,
            }
            return content, HIDDEN | {"is_user_system_message": True}
        case "thoughts":
            thoughts = [part.split("\n", 1) for part in step.body.removeprefix("## ").split("\n## ")]
            chosen = [
                {"summary": head, "content": body, "chunks": [], "finished": True} for head, body in thoughts
            ]
            return {
                "content_type": "thoughts",
                "thoughts": chosen,
                "source_analysis_msg_id": stable_id(ids[step.label]),
            }, {}
        case "recap":
            return {"content_type": "reasoning_recap", "content": step.body}, {}
        case "python" | "browse":
            return {
                "content_type": "code",
                "language": "unknown",
                "response_format_name": None,
                "text": step.body,
            }, {}
        case "call":
            if options.get("content", {}).get("content_type") == "code":
                return {"text": step.body}, {}
        case "output" | "failed":
            return {"content_type": "execution_output", "text": step.body}, _aggregate(
                step, options.pop("exception", None)
            )
        case "listing":
            return {
                "content_type": "tether_browsing_display",
                "result": step.body,
                "summary": None,
                "assets": None,
                "tether_id": None,
            }, {}
        case "quote":
            url, title = options.pop("url"), options.pop("title")
            return {
                "content_type": "tether_quote",
                "url": url,
                "domain": url.split("/")[2],
                "title": title,
                "text": step.body,
                "tether_id": None,
            }, {}
        case "voice" | "spoken":
            return _voice(step, ids), {}
        case "drawing":
            dalle = {"gen_id": stable_id(ids[step.label])[:16], "prompt": step.body, "seed": 7}
            return {
                "content_type": "multimodal_text",
                "parts": [
                    _image(
                        "sediment://file_" + stable_id("drawing").replace("-", ""),
                        40960,
                        1024,
                        {"dalle": dalle},
                    )
                ],
            }, {}
        case "picture":
            name = options.pop("name")
            image = _image("file-service://" + FILES[name], 340, 16, None)
            return {"content_type": "multimodal_text", "parts": [image, step.body]}, _attached(
                name, "image/png", 340
            )
        case "attach":
            return text, _attached(options.pop("name"), options.pop("type"), 264)
        case "compare":
            variants, choice = options.pop("variants"), options.pop("choice")
            info = {
                "type": "num_variants_in_stream",
                "num_variants_in_stream": len(variants),
                "display_treatment": "skippable",
            }
            return text, {"paragen_variants_info": info, "paragen_variant_choice": ids[choice]}
        case "assistant":
            options.pop("rating", None)
            if "references" in options:
                return text, {"content_references": _references(step.body, options.pop("references"))}
    return text, {}


def _references(body: str, url: str) -> list[dict[str, Any]]:
    start, end = body.index("\ue200"), body.index("\ue201") + 1
    item = {"title": "Markets of the old town", "url": url, "attribution": "example.org"}
    return [
        {
            "matched_text": body[start:end],
            "start_idx": start,
            "end_idx": end,
            "type": "grouped_webpages",
            "items": [item],
        }
    ]


def _aggregate(step: Step, exception: str | None) -> dict[str, Any]:
    raised = (
        {"name": exception, "traceback": step.body.splitlines(), "args": [], "notes": []}
        if exception
        else None
    )
    result: dict[str, Any] = {
        "status": "failed_with_in_kernel_exception" if exception else "success",
        "run_id": stable_id(step.body, "run"),
        "final_expression_output": None,
        "in_kernel_exception": raised,
        "messages": [],
        "jupyter_messages": [],
    }
    return {"is_complete": True, "aggregate_result": result}


def _image(pointer: str, size: int, side: int, metadata: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "content_type": "image_asset_pointer",
        "asset_pointer": pointer,
        "size_bytes": size,
        "width": side,
        "height": side,
        "fovea": None,
        "metadata": metadata,
    }


def _attached(name: str, mime_type: str, size: int) -> dict[str, Any]:
    return {"attachments": [{"id": FILES[name], "name": name, "size": size, "mime_type": mime_type}]}


def _voice(step: Step, ids: dict[str, str]) -> dict[str, Any]:
    pointer = "sediment://file_" + stable_id(ids[step.label], "sound").replace("-", "")
    direction = "in" if step.kind == "voice" else "out"
    transcription = {
        "content_type": "audio_transcription",
        "text": step.body,
        "direction": direction,
        "decoding_id": None,
    }
    sound = {
        "content_type": "audio_asset_pointer",
        "asset_pointer": pointer,
        "size_bytes": 52000,
        "format": "wav",
        "metadata": None,
    }
    return {"content_type": "multimodal_text", "parts": [transcription, sound]}
