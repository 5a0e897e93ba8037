"""Out to customers: one try of a webhook, signed, to an address that was vetted at connect.

Which delivery is due, and when the next try is, is decided elsewhere: this package takes a URL, bytes
and secrets, and returns what came of them. May import domain, aiohttp and yarl; knows no database,
no Redis, no settings.
"""
