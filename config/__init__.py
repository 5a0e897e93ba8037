"""What can be set from outside, and how the program logs.

Read only where a program is put together (`api.main`, `worker.main`, `cli`, `embedded`, `benchmarks`,
`migrations.env`); everything else receives values. Imports nothing of ours.
"""
