"""Where metrics come from: one module a kind of source; `parse_*` are pure."""
