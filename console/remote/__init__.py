"""The two ports, and the events, of an engine that runs elsewhere."""
