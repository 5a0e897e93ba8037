"""Real servers without Docker: Postgres and Valkey from wheels, and the processes of the development stack.

Everything listens on 127.0.0.1 and on free ports, keeps its files in one folder, adds nothing to the
system, and ends with the process that started it, however that one ends.
`Postgres`, `Valkey` and `SupervisedProcess` need the standard library and psutil only.
May import config; starts everything else as subprocesses.
"""
