"""Choices that Django offers by itself: all rows of a model, each shown by its text, in a field or a filter.

In: nothing. Out: the step that stands for such a queryset, and what can be done about it. What runs for them is asked
of the real Django in the oracle test.
Sources: `django.forms.models.ModelChoiceIterator`, `django.contrib.admin.options.BaseModelAdmin`,
`django.contrib.admin.filters.RelatedFieldListFilter`
"""

from __future__ import annotations

import enum

#: The step that stands for the queryset of choices that no code of the project makes.
CHOICES = "choices"


class Offered(enum.Enum):
    """Where choices are offered; the value tells where their queryset may be given, as words for a message."""

    ADMIN_FIELD = "in formfield_for_foreignkey() of {owner}"
    ADMIN_FIELD_MANY = "in formfield_for_manytomany() of {owner}"
    FILTER = "in a filter class of its own, or in the default manager of {model}"
    FORM_FIELD = "of a field that {owner} declares"
    VIEW_FIELD = "in a form class of its own for {owner}"

    @property
    def is_in_admin(self) -> bool:
        """Whether the admin can do without a list of choices."""
        return self in (Offered.ADMIN_FIELD, Offered.ADMIN_FIELD_MANY)


#: What the admin can do instead of a list of choices: the queries stay, but each of them fetches no more than what was
#: chosen.
WITHOUT_LIST = "name it in autocomplete_fields or raw_id_fields"

#: Fields of models whose form field offers all rows of the other model. Fields of other packages make their own.
WITH_CHOICES = frozenset(
    {"django.db.models.ForeignKey", "django.db.models.OneToOneField", "django.db.models.ManyToManyField"}
)

#: Widgets that show every choice. Any other one may fetch what it needs by itself, or show nothing.
SHOWS_ALL = frozenset(
    {
        "django.forms.Select",
        "django.forms.SelectMultiple",
        "django.forms.RadioSelect",
        "django.forms.CheckboxSelectMultiple",
    }
)

#: Methods of an admin class by which a project decides on the form; where one is its own, the form is not known.
SHAPES_ADMIN_FORM = frozenset(
    {
        "formfield_for_dbfield",
        "formfield_for_foreignkey",
        "formfield_for_manytomany",
        "get_autocomplete_fields",
        "get_exclude",
        "get_field_queryset",
        "get_fields",
        "get_fieldsets",
        "get_form",
        "get_formset",
        "get_readonly_fields",
        "has_change_permission",
        "render_change_form",
    }
)

#: Methods by which a formset class decides on its rows.
SHAPES_FORMSET = frozenset(
    {"__init__", "_construct_form", "add_fields", "get_form_kwargs", "get_queryset", "initial_form_count", "queryset"}
)

MODEL_CHOICE_FIELDS = frozenset({"django.forms.ModelChoiceField", "django.forms.ModelMultipleChoiceField"})

#: What a field class of the project may define without changing which rows it offers.
KEEPS_CHOICES = frozenset({"clean", "default_error_messages", "has_changed", "label_from_instance", "to_python"})

#: What a view of Django's defines where its form is not the one that `model` and `fields` make.
SHAPES_VIEW_FORM = frozenset({"get_form", "get_form_class"})

FORM = "django.forms.Form"
MODEL_FORM = "django.forms.ModelForm"
FORMS = frozenset({FORM, MODEL_FORM, "django.forms.BaseForm", "django.forms.BaseModelForm"})
