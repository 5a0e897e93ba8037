"""One file per step of a job: begin (a transaction), call the platform, finish (a transaction).

A step returns the job if it is still claimed and the next step can follow at once, else None.
"""
