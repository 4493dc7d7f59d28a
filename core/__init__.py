"""The engine of Maestro Console; nothing in it needs a screen."""
