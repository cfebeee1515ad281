"""May this be done? Facts are gathered, judged by pure rules, written to the log, and only then is a grant minted."""
