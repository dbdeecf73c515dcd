"""Concrete syntax on the lint path: parse one definition at a time, visit it leanly, find positions on demand.

Only what has passed the gate imports these modules, because they import libcst; `words` and `hollow` do not, and serve
the gate.
"""
