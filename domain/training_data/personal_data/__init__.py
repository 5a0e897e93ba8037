"""Personal data and secrets in training data: found, shown masked, and put out of the file where wanted.

`search` finds in a text, each kind of thing in a file of its own; `redaction` rewrites one line of the file,
`look` tells what a whole file holds, `policies` what a project may do about it. A value that was found is
never kept: only its place, a mask and a placeholder. Pure: may import the standard library, msgspec,
`stdnum`, `phonenumbers`, the regular expressions of `detect_secrets`, and `domain.training_data`.
"""
