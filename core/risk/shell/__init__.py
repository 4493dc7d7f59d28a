"""An explainable classifier of shell commands, parsed with tree-sitter."""
