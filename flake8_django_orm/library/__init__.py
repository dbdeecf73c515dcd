"""What Django and common packages do with rows, written down as small Python stubs that the machine reads like project
code.

In: nothing is imported from here at run time. The tree mirrors the packages: `library/django/core/paginator.py` stands
for `django.core.paginator`. A stub says what is fetched, iterated and handed on, nothing else; tests run stubs beside
the real thing. The stubs are ours, not copies.
"""
