"""What moves: drains that work on due rows, sweeps that free what a dead worker held, the bell's ear.

Claim, call, record: the row is claimed and recorded by services in a transaction each, and no
transaction is open during the call. Imports services, xpulink, webhooks, storage, doorbell, domain and
`db.session`; the settings in `main` alone.
"""
