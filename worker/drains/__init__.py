"""One file per stage: how its rows are claimed, and what one of them takes."""
