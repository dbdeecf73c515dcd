"""What is kept on disk between runs: facts of modules, results of files, the list of a tree that had nothing to report.

In: JSON-able data under a kind and a key. Out: the same, or nothing where it is not there, damaged, or made by another
version. Everything here may be deleted at any time; nothing here is ever executed.
"""
