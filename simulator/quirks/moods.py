"""Moods: names for several quirks at once."""

MOODS = {
    "proven": (
        "Only what public material proves is there: upload, create, retrieve, list, chat.",
        ("no_events", "no_checkpoints", "no_cancel", "no_content", "no_models", "no_file_delete",
         "no_file_list", "list_no_has_more", "list_ignores_after", "no_echo"),
    ),
    "worst": (
        "As much at once as a job can still end under.",
        ("status_pending", "status_unknown", "status_regresses", "status_canceled", "status_upper",
         "error_string", "fields_missing", "created_at_iso", "numbers_as_strings", "fields_extra", "deep",
         "result_files_objects", "error_on_success", "file_pending", "ids_slash", "model_late",
         "refuses_metadata_422", "list_no_has_more", "list_ignores_after", "list_unreadable_items",
         "list_oldest_first", "events_null_data", "events_null_message", "events_warning", "events_no_id",
         "no_checkpoints_html", "no_cancel_405", "no_models_501", "no_file_delete_detail", "results_plain",
         "wrong_content_type", "byte_order_mark", "html_200", "html_502", "truncated", "length_twice"),
    ),
}  # fmt: skip
