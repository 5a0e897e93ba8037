"""How the app is served: uvicorn's connection, with an end to everything that a client can draw out.

`limits.py` says how much and how long, `size.py` counts a request, `watch.py` waits for a client, and
`connection.py` puts them to uvicorn. May import api.errors, api.metrics and domain.
"""
