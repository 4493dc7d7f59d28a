"""One file a form: HTML, Markdown, PDF, JSON, CSV."""
