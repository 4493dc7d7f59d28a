"""The store in SQLite: a durable ledger, and a history that may lose its last moments."""
