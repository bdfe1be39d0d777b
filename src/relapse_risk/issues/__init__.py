"""Issues: findings that must be closed, on an append-only ledger."""
