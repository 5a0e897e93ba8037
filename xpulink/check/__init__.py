"""What a platform has, and how its answers differ from OpenAI's contract: asked, not assumed.

`reading.py` looks without changing anything, `trying.py` uploads a file and creates one job, `shapes.py`
compares answers with the contract, `places.py` finds the paths, `report.py` is what comes of it.
May import the rest of xpulink and domain.
"""
