"""`maestro demo`: a small world that really runs, in a folder that is thrown away."""
