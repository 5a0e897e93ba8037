"""What comes in: HTTP in the OpenAI wire format.

A route is parse → one service call → return. Imports services, storage and domain; only `main` and
`dependencies` know the database, the doorbell and the way to the platform, and hand them to routes.
"""
