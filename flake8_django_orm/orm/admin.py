"""What the admin's change list joins by itself, and what it shows of each row, by Django version.

In: nothing. Out: names and versions. Each fact is asked of the real Django in the oracle test.
Sources: `django.contrib.admin.views.main.ChangeList`, `django.contrib.admin.options.ModelAdmin`
"""

from __future__ import annotations

Version = tuple[int, int]

MODEL_ADMIN = "django.contrib.admin.options.ModelAdmin"

INLINE = "django.contrib.admin.options.InlineModelAdmin"
GENERIC_INLINE = "django.contrib.contenttypes.admin.GenericInlineModelAdmin"

#: Admin classes of common packages that leave the rows of the change list to Django.
THIRD_PARTY = frozenset(
    {
        "guardian.admin.GuardedModelAdmin",
        "guardian.admin.GuardedModelAdminMixin",
        "import_export.admin.ExportActionModelAdmin",
        "import_export.admin.ImportExportActionModelAdmin",
        "import_export.admin.ImportExportModelAdmin",
        "import_export.admin.ImportMixin",
        "import_export.admin.ExportMixin",
        "import_export.admin.ImportExportMixin",
        "reversion.admin.VersionAdmin",
        "simple_history.admin.SimpleHistoryAdmin",
        "unfold.admin.ModelAdmin",
    }
)

#: Attributes of an admin class that a fix changes, or below which it writes.
EDITED_BY_FIXES = frozenset({"list_display", "list_select_related"})

#: The step that stands for what the change list itself does to the queryset of get_queryset().
CHANGE_LIST = "list_select_related"

#: Since this version a foreign key in list_display joins just that key, nullable or not; before, a bare
#: select_related() joins every key that cannot be null.
NAMED_KEYS_SINCE: Version = (6, 1)

#: Since this version the checkbox of each row says what it selects: `str(row)`.
CHECKBOX_TEXT_SINCE: Version = (5, 1)

#: Since this version a column may follow relations: `author__name`.
RELATED_COLUMNS_SINCE: Version = (5, 1)
