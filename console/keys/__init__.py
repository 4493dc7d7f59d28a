"""The key table, a file for each group of screens."""
