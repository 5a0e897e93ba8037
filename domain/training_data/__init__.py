"""What a training file must be: rules over its lines, fed with bytes as they arrive.

`structure` says whether every line has the shape of an example; `lines` cuts bytes into lines and
refuses what is no text; `examples` is the shape itself, `faults` the words for what is wrong. Pure:
may import the standard library, msgspec and `domain.errors`.
"""
