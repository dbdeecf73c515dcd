"""GraphQL libraries: the classes of graphene and of strawberry by which fields and their resolvers are known.

In: nothing. Out: names. The libraries are known by name and need not be installed.
"""

from __future__ import annotations

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
