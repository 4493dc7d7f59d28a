"""Risk of what is asked: shell commands now, requests later."""
