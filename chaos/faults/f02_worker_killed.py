"""2. kill -9 the worker at each boundary of a job's life."""
