"""The use cases, each inside a transaction that somebody else opens and commits.

A service takes a session first, never touches a socket, and returns frozen domain values. Imports db
and domain only. `transitions` is the only writer of a job's state; `job_steps` holds what a worker
does before and after each call to the platform.
"""
