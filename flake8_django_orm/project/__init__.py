"""The project index: modules, names and models of the linted project, read as text and never imported.

In: a project's root. Out: `project.Project`, the door through which everything else asks its questions.
"""
