"""One module for each family of tools: which key means what, and which signal counts."""
