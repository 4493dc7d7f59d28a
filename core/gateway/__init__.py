"""What the outside calls: HTTP API, agent hooks, MCP proxy."""
