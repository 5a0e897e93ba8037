"""What a worker does before and after each call to the platform: `begin_` decides, `finish_` records.

A step reads the job under its claim, the worker calls the platform with no transaction open, and the
outcome is recorded by a compare-and-set on that claim. Each step may run twice.
"""
