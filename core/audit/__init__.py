"""The audit trail: one hash chain, signed checkpoints outside the store, verification."""
