"""Questions the console asks before it sends a command."""
