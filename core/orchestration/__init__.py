"""Router, runtime, health, balance, conflicts, coordinators, degradation."""
