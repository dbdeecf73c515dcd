"""Django's API as data: what its methods return, load, write and query, by Django version; no logic and no
Django import.

In: nothing. Out: frozen tables. Every line of them is asked of the real Django in `tests/orm/`.
Version numbers are pairs (major, minor); `since` None means: in every supported Django (4.2 and later).
"""
