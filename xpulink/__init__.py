"""The only way out to the platform.

`port.py` says what can be asked of it, `client.py` asks over HTTP, `wire.py` reads its answers
tolerantly, and `classify.py` decides what an answer, or the lack of one, means for "paid once".
Every call has a total deadline and a capped body, and comes back as an outcome value.
May import domain, httpx and orjson; values come in as constructor arguments.
"""
