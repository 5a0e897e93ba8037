"""The schema's history (Alembic), and the program that brings a database to its head.

Imports `db.models` for comparison and, in `env` alone, the settings.
"""
