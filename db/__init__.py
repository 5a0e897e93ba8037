"""What is remembered: the models, every SQL statement, and the two places where a transaction commits.

`models/` are the tables, `queries/` one function per statement, named for its intent. Only `services`
may use those two; `db.session` is for whoever holds a transaction (api, worker). Imports domain only.
"""
