"""The console in a browser: textual-serve behind a lock of our own."""
