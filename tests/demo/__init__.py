"""`make demo`: the demo project is linted, repaired in a copy, and both forms run on SQLite in memory.

In: the project in `tests/fixtures/demo`. Out: the linter's report, the diff of its fixes, and a
table of query counts.
"""
