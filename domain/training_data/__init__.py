"""Training data: what a file must be, what is worth knowing of it, and how to make one.

`structure` says whether every line has the shape of an example (`lines`, `examples`, `explain`, `walk`,
`faults`); looks say more (`findings`): `tokens`, `quality`, `personal_data`, put together by `examination`
and told by `report`. `building`, `dialogues`, `conversion` and `split` make files. Pure: may import the
standard library, msgspec, tiktoken, rensa, `stdnum`, `phonenumbers`, `detect_secrets` and `domain.errors`.
"""
