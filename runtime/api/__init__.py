"""The functions of Python and of the command line, one a file: each reads its input, works, writes its files,
and returns a result. Messages and progress go to an observer.
"""
