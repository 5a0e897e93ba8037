"""The page at /docs, and the files of ours that it is made of. Imports nothing of ours."""
