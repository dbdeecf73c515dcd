"""Concrete syntax on the lint path: parse one definition at a time, visit it leanly, find positions on demand.

Only modules that have passed the gate import this package, because it imports libcst.
"""
