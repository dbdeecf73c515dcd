"""GraphQL libraries: the classes of graphene and of strawberry by which fields and their resolvers are known.

In: nothing, or what a module imports. Out: names. The libraries are known by name and need not be installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flake8_django_orm.project.facts import ModuleFacts

#: Packages whose classes are known by their last name: each of them hands its names on through several modules.
GRAPHENE = frozenset({"graphene", "graphene_django"})

OBJECT_TYPES = frozenset({"ObjectType", "DjangoObjectType"})
MODEL_TYPE = "DjangoObjectType"

#: Fields that give many objects, with the type of each as the first argument.
LISTS = frozenset({"List", "DjangoListField", "DjangoConnectionField", "DjangoFilterConnectionField"})

#: What may stand around a type or a list of them.
WRAPPERS = frozenset({"Field", "NonNull"})

#: Fields that start from the default manager of the type's model where no resolver says otherwise, and that hand the
#: queryset to the type's get_queryset().
OF_MODEL = LISTS - {"List"}

#: The step that stands for the queryset that a library makes for a field: no code of the project is there to grow.
ROWS_OF_FIELD = "rows of a field"

#: Packages whose decorators and fields are known by their last name.
STRAWBERRY = frozenset({"strawberry", "strawberry_django"})

#: The decorator of a class, and what declares a field: around a method, or as a value in the class's body.
TYPE = "type"
FIELD = "field"

#: What a field or a type says to the library about the loading of its rows: it is then the library's affair.
HINTS = frozenset(
    {"only", "select_related", "prefetch_related", "annotate", "disable_optimization", "field_cls", "extensions"}
)

#: What lets the client ask for a part of the rows, or for another order: what is prefetched does not serve that.
REFINES = frozenset({"filters", "order", "ordering", "pagination"})

#: Annotations of values that are no objects.
SCALARS = frozenset({"str", "int", "float", "bool"})

#: The extension that loads what the client asks for, and the module of it and its kin.
OPTIMIZER = "DjangoOptimizerExtension"
OPTIMIZER_MODULE = "strawberry_django.optimizer"


def of_strawberry(facts: ModuleFacts, dotted: str) -> str:
    """The full name of what a module imports from strawberry; "" for any other."""
    head, _, rest = dotted.partition(".")
    found = facts.imports.get(head)
    if found is None or found.module.partition(".")[0] not in STRAWBERRY:
        return ""
    return ".".join(part for part in (found.module, found.name, rest) if part)
