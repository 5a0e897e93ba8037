"""What is said about the API: the OpenAPI document, and the page that shows it.

`document` puts it together from what FastAPI reads off the routes, from `operations` (what no signature
says), `refusals` (errors, from their classes), `examples` and `webhooks`. A new route needs nothing here to
be described; an entry in `operations` gives it a name that lasts, its own errors and its examples.
"""
