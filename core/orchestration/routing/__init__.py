"""The message router."""
