"""Four coordinators, each for a pair of agents: what one side does must fit the other."""
