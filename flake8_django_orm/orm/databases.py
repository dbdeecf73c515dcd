"""What databases can do that decides how many queries an ORM call sends.

In: nothing. Out: names of backends and versions. That no other backend of Django is like these is asked of the real
Django in a test.
Sources: `django.db.backends.*.features`, `django.db.models.base.Model._save_table`
"""

from __future__ import annotations

#: Backends that cannot return rows from UPDATE: what an expression gave is not known after save().
WITHOUT_RETURNING = frozenset({"django.contrib.gis.db.backends.mysql", "django.db.backends.mysql"})

#: Since this version save() puts the value that the database worked out in the expression's place; without RETURNING
#: it defers the column instead. bulk_update() and bulk_create() leave the expression on the instance.
SAVE_REFRESHES_SINCE = (6, 0)
