"""The HTTP gateway: one table of operations, served and described from the same rows."""
