"""The machine that knows the ORM: abstract values, a store for what changes, operations on values, and events.

Readers (Python, templates) and owners (serializers, admin) drive it; rules see only its events.
"""
