"""The `tuneward` command: development stack, demo, production processes, keys, jobs, platform, training data.

`main.py` is its table of contents, one file per group of commands beside it. What a command needs is
imported inside it, so that `tuneward --help` does not wait for the whole service.
May import everything; starts api and worker, and nothing imports it.
"""
