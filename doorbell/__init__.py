"""The bell between api and worker: an arq message that says "something is due in this stage".

Redis carries nothing else. A ring may be lost, repeated or late; the worker's own timer makes up for
it. Used by api (to ring) and worker (to listen), which never import each other. Imports domain only.
"""
