"""The rules of Tuneward: values and decisions, nothing that moves.

No I/O, no framework, and no clock: whoever asks a question passes `now`. May import the standard
library, pydantic and pure data libraries; everything else may import this.
"""
