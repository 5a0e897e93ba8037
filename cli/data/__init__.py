"""`tuneward data`: training files checked, converted, divided, built and planned before anything is sent.

`commands.py` is the table of contents, one file per command beside it. `source.py` reads files, `output.py`
writes them so that nothing half-done is left, `checking.py` is the check itself, the `…_page.py` files are
what a person reads, in English or Chinese. Only `policy` needs a database.
"""
