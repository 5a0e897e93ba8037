"""The platform's routes, one file per noun, and the stand-in's own: its page, ledger and script.

A route reads the request, asks the store, and writes OpenAI's JSON. It may import the rest of the simulator
only.
"""
