"""The harness behind `tests/test_cases.py`: reads case files, lints them, applies their fixes, proves them on
real Django.
"""
