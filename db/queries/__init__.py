"""Every SQL statement, a function each, named for its intent: the session first, the rest by keyword.

Due times and claims are compared by Postgres's clock only. `text()` stands where the statement is
hot enough that compiling it matters, or plainer in SQL than in Core.
"""
