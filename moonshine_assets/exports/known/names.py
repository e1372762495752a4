"""What the format descriptions name, by provider: keys, enum values, maps, and places whose inside is free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Named(NamedTuple):
    """A provider's lists; paths as in `exports.radar`. `invented`: fixtures of things no export has."""

    provider: str
    shapes: frozenset[str]
    maps: frozenset[str]
    opaque: frozenset[str]
    enums: dict[str, str]
    keys: frozenset[str]
    values: dict[str, frozenset[str]]
    invented: frozenset[str]


def _under(prefix: str, names: str) -> set[str]:
    return {f"{prefix}.{name}" if prefix else name for name in names.split()}


def _everywhere(prefixes: Iterable[str], tree: dict[str, str]) -> set[str]:
    """Names below each prefix; `tree` maps a path below it (empty: itself) to names."""
    return {
        path
        for prefix in prefixes
        for inner, names in tree.items()
        for path in _under(f"{prefix}.{inner}" if inner else prefix, names)
    }


_CHATGPT_MESSAGE = {
    "": "id author create_time update_time content status end_turn weight metadata recipient channel",
    "author": "role name metadata",
    "author.metadata": "real_author",
    "content": "content_type parts text language response_format_name result summary assets tether_id url domain title"
    " snippet ref_id crawl_date pub_date name thoughts source_analysis_msg_id content user_profile user_instructions"
    " model_set_context repository repo_summary structured_context output_str computer_id screenshot state"
    " pub_timestamp",
    "content.parts[]": "content_type asset_pointer size_bytes width height fovea metadata text direction decoding_id"
    " audio_asset_pointer frames_asset_pointers video_container_asset_pointer audio_start_timestamp expiry_datetime"
    " format",
    "content.parts[].audio_asset_pointer": "content_type asset_pointer size_bytes format metadata expiry_datetime",
    "content.thoughts[]": "summary content chunks finished",
    "metadata": "model_slug default_model_slug finish_details citations content_references _cite_metadata attachments"
    " aggregate_result canvas chatgpt_sdk is_visually_hidden_from_conversation is_user_system_message"
    " user_context_message_data paragen_variants_info paragen_variant_choice initial_text finished_text"
    " finished_duration_sec is_complete timestamp_ message_type parent_id request_id pad command args status"
    " message_source gizmo_id invoked_plugin search_queries search_result_groups safe_urls selected_sources"
    " selected_github_repos serialization_metadata system_hints targeted_reply voice_mode_message image_results"
    " reasoning_status reasoning_title classifier_response image_gen_title dictation kwargs"
    " exclude_after_next_user_message rebase_developer_message rebase_system_message durationMs duration_ms"
    " reasoning_start_time reasoning_end_time thinking_effort turn_exchange_id sonic_classification_result",
    "metadata.finish_details": "type stop stop_tokens reason",
    "metadata.attachments[]": "id name size mime_type width height file_token_size library_file_id mimeType"
    " fileSizeTokens fileTokenSize file_tokens file_id",
    "metadata.citations[]": "start_ix end_ix citation_format_type metadata invalid_reason",
    "metadata.content_references[]": "type matched_text start_idx end_idx items url title alt prompt_text safe_urls"
    " refs sources has_images invalid error style fallback_items status name source",
    "metadata.user_context_message_data": "about_user_message about_model_message",
    "metadata.paragen_variants_info": "type num_variants_in_stream display_treatment conversation_id",
    "metadata.canvas": "textdoc_id textdoc_type version title create_source from_version has_user_edit"
    " textdoc_content_length user_message_type",
}
_CHATGPT_NODES = ("mapping.*", "linear_conversation[]", "messages[]")
#: A message stands in a node, or by itself in the linear forms.
_CHATGPT_MESSAGES = (*(f"{node}.message" for node in _CHATGPT_NODES), "linear_conversation[]", "messages[]")
_CHATGPT_VALUES = {
    "author.role": "system user assistant tool",
    "recipient": "all assistant user python browser dalle bio canmore myfiles_browser file_search web container"
    " computer api_tool research_kickoff_tool t2uay3k8 guardian_tool voice_mode",
    "channel": "final commentary analysis",
    "status": "finished_successfully in_progress finished_partial_completion",
    "content.content_type": "text multimodal_text code execution_output tether_browsing_display tether_quote"
    " sonic_webpage system_error thoughts reasoning_recap user_editable_context model_editable_context system_content"
    " citable_code_output computer_output super_widget super_widget_content app_pairing_content",
    "content.parts[].content_type": "image_asset_pointer audio_transcription audio_asset_pointer"
    " real_time_user_audio_video_asset_pointer video_container_asset_pointer",
    "content.parts[].audio_asset_pointer.content_type": "audio_asset_pointer",
    "content.parts[].direction": "in out",
    "metadata.status": "finished failed",
    "metadata.content_references[].status": "done",
    "metadata.finish_details.type": "stop interrupted max_tokens unknown",
    "metadata.message_type": "next variant continue",
    "metadata.paragen_variants_info.type": "num_variants_in_stream",
    "metadata.content_references[].type": "hidden attribution webpage webpage_extended grouped_webpages"
    " sources_footnote file image_v2 image_group navigation products product_entity video nav_list"
    " grouped_webpages_model_predicted_fallback alt_text entity",
}

CHATGPT = Named(
    provider="chatgpt",
    shapes=frozenset(
        {
            "chatgpt-2023-05",
            "chatgpt-2023-09",
            "chatgpt-2024",
            "chatgpt-2025-01",
            "chatgpt-2025",
            "chatgpt-2026-slim",
            "chatgpt-linear",
        }
    ),
    maps=frozenset({"mapping"}),
    opaque=frozenset(
        _everywhere(
            _CHATGPT_MESSAGES,
            {
                "content": "assets state structured_context screenshot",
                "content.parts[]": "metadata video_container_asset_pointer",
                "metadata": "aggregate_result chatgpt_sdk args kwargs invoked_plugin _cite_metadata"
                " serialization_metadata search_result_groups search_queries targeted_reply"
                " image_results voice_mode_message jit_plugin_data"
                " real_time_audio_has_video n7jupd_metadata sonic_classification_result",
                "metadata.citations[]": "metadata",
                "metadata.content_references[]": "items refs sources fallback_items",
                "author": "metadata",
            },
        )
        | {"moderation_results[]", "plugin_ids", "context_scopes", "owner"}
    ),
    enums={
        "role": "role",
        "content_type": "type",
        "type": "type",
        "message_type": "type",
        "status": "value",
        "channel": "value",
        "recipient": "recipient",
        "direction": "value",
        "gizmo_type": "type",
        "memory_scope": "value",
        "conversation_origin": "value",
    },
    keys=frozenset(
        _under(
            "",
            "title create_time update_time mapping current_node moderation_results plugin_ids conversation_id id"
            " conversation_template_id gizmo_id gizmo_type is_archived is_starred safe_urls blocked_urls"
            " default_model_slug conversation_origin voice async_status disabled_tool_ids is_do_not_remember"
            " memory_scope context_scopes is_study_mode sugar_item_id sugar_item_visible owner atlas_mode_enabled"
            " pinned_time linear_conversation messages mapping.* is_read_only",
        )
        | _everywhere(_CHATGPT_NODES, {"": "id parent children message"})
        | _everywhere(_CHATGPT_MESSAGES, _CHATGPT_MESSAGE)
    ),
    values={
        **{
            f"{message}.{path}": frozenset(values.split())
            for message in _CHATGPT_MESSAGES
            for path, values in _CHATGPT_VALUES.items()
        },
        "gizmo_type": frozenset({"gpt", "snorlax"}),
        "memory_scope": frozenset({"global_enabled", "project_enabled", "global", "project"}),
    },
    invented=frozenset(
        {
            "app-pairing-content",
            "content-of-tomorrow",
            "saved-api-error",
            "super-widget",
            "super-widget-content",
            "system-content",
            "unknown-dict-part",
        }
    ),
)

_CLAUDE_BLOCK = {
    "": "type text citations start_timestamp stop_timestamp flags thinking summaries cut_off truncated signature"
    " thinking_hidden alternative_display_type id name input message integration_name integration_icon_url icon_name"
    " context display_content approval_options approval_key is_mcp_app mcp_server_url tool_use_id content is_error"
    " structured_content meta",
    "citations[]": "uuid start_index end_index details",
    "citations[].details": "type url",
    "summaries[]": "summary",
    "content[]": "type text title url metadata file_uuid file_path name mime_type is_missing is_citable prompt_context"
    " prompt_context_metadata uuid doc_uuid uri start end extras ingestion_date",
}
_CLAUDE_MESSAGE = {
    "": "uuid id text content sender role created_at updated_at attachments files files_v2 sync_sources"
    " parent_message_uuid index truncated stop_reason input_mode compaction_summary",
    "attachments[]": "id file_name file_size file_type extracted_content created_at",
    "files[]": "file_name file_uuid file_kind created_at preview_url preview_asset thumbnail_url thumbnail_asset",
    "files_v2[]": "file_name file_uuid file_kind created_at preview_url preview_asset thumbnail_url thumbnail_asset",
    **{f"content[].{path}" if path else "content[]": names for path, names in _CLAUDE_BLOCK.items()},
    "content": "id role content contentBlocks attachments timestamp turnInputTokens authorAccountUuid authorName",
    "content.contentBlocks[]": "type text thinking id name input output result toolCall",
}
_CLAUDE_MESSAGES = ("chat_messages[]", "messages[]")
_CLAUDE_VALUES = {
    "sender": "human assistant",
    "role": "human user assistant system tool",
    "content[].type": "text thinking tool_use tool_result voice_note token_budget flag",
    "content[].content[].type": "text knowledge image local_resource",
    "content.contentBlocks[].type": "text thinking tool_call",
    "content.role": "human user assistant",
    "stop_reason": "stop_sequence user_canceled max_tokens end_turn tool_use message_limit",
    "input_mode": "retry",
    "files[].file_kind": "image document blob",
    "files_v2[].file_kind": "image document blob",
}

CLAUDE = Named(
    provider="claude",
    shapes=frozenset({"claude-2024", "claude-design"}),
    maps=frozenset(),
    opaque=frozenset(
        _everywhere(
            _CLAUDE_MESSAGES,
            {
                "content[]": "input display_content structured_content meta approval_options flags context",
                "content[].content[]": "metadata prompt_context prompt_context_metadata extras",
                "content[].citations[].details": "metadata",
                "content.contentBlocks[]": "input output result toolCall",
                "": "sync_sources compaction_summary",
                "files_v2[]": "preview_asset thumbnail_asset document_asset",
                "files[]": "preview_asset thumbnail_asset document_asset",
            },
        )
        | {"settings", "project", "account"}
    ),
    enums={
        "sender": "role",
        "role": "role",
        "type": "type",
        "stop_reason": "value",
        "input_mode": "value",
        "file_kind": "type",
        "platform": "value",
    },
    keys=frozenset(
        _under(
            "",
            "uuid id conversation_id name title summary created_at updated_at account chat_messages"
            " messages model settings is_starred"
            " current_leaf_message_uuid project_uuid project platform effective_thinking_mode is_temporary",
        )
        | _everywhere(_CLAUDE_MESSAGES, _CLAUDE_MESSAGE)
    ),
    values={
        f"{message}.{path}": frozenset(values.split())
        for message in _CLAUDE_MESSAGES
        for path, values in _CLAUDE_VALUES.items()
    }
    | {"platform": frozenset({"CLAUDE_AI"})},
    invented=frozenset({"block-unknown", "block-flag", "block-voice-note"}),
)

NAMED = (CHATGPT, CLAUDE)
