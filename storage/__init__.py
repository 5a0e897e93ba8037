"""Where the bytes of files lie: a local folder or an S3 bucket, through obstore.

Everything streams: no call holds a whole blob in memory, and none blocks the event loop. May import
domain (for its errors) and nothing else of ours.
"""
