"""Claude Code hooks: the command, the HTTP form, and what installs them."""
