"""The commands that read: locate, search, show and status, each a thin face of the module that answers.

Exit codes: 0 an answer; 1 an error; 2 a wrong request; 3 no confident match, or nothing found; 4 a clone has moved on.
"""
