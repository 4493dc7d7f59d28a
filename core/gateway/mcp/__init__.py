"""MCP through the gate: a stdio proxy in front of one server, and `/mcp` in front of several."""
