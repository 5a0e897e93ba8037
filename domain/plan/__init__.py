"""What a job would come to before it is made: hyperparameters with reasons, risks, time and price.

`plan` puts it together; `durations`, `prices`, `reasons` and `risks` each make one part of it. Pure: may
import the standard library and the rest of `domain`; history, prices and the queue are passed in.
"""
