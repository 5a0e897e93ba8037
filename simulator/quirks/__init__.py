"""The bestiary: lasting oddities of the platform, which can be combined and switched while it runs.

`table.py` says what a quirk is, `state.py` which are on, `layer.py` applies them around the routes; every
other file is a cage with one small function, or one row of a table, per quirk. A quirk changes what is shown
or taken, never what is kept: the ledger stays true. May import the rest of the simulator.
"""
