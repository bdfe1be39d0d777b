"""Every word a page says, by key and language, and how a place says it."""

from relapse_risk.text.message_catalogue import (
    LANGUAGES,
    Language,
    bilingual,
    full_width,
    has_text,
    messages,
    said,
    text,
)

__all__ = ["LANGUAGES", "Language", "bilingual", "full_width", "has_text", "messages", "said", "text"]
