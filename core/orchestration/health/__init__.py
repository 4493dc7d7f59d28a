"""Whether the agents live: a pure state machine, and the loop that watches."""
