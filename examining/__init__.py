"""Training files looked at in processes of their own: tokens, quality, personal data.

A look takes a processor for seconds, so that it never runs on an event loop. The api, the worker and the
command line each hold a `Pool` and hand it a file piece by piece. May import `domain`.
"""
