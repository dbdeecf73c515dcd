"""Functions outside of the project that the machine knows, by dotted name: innocent ones, iterating ones,
fetching ones, clocks.

In: the dotted name under which a callable is reached after imports are resolved (`builtins.print`,
`django.shortcuts.render`). Out: what it does to rows, querysets and lists that it is handed, or None where it
is not known. A method of a known external class is named through its class: `logging.Logger.info`,
`builtins.str.join`.
Sources: https://docs.python.org/3/library/ and https://docs.djangoproject.com/en/stable/ref/
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class Gives(enum.Enum):
    """What a function that goes over an iterable gives, in terms of its elements."""

    LIST = "list"  # all elements, evaluated
    TUPLE = "tuple"
    SET = "set"
    ITERATOR = "iterator"  # the elements one by one, as the caller asks
    NUMBERED = "numbered"  # an iterator of (index, element)
    ZIPPED = "zipped"  # an iterator of tuples, one element of each argument
    PAIRS = "pairs"  # an iterator of tuples of elements of the one argument (combinations, pairwise)
    GROUPS = "groups"  # an iterator of (key, iterator of elements)
    BATCHES = "batches"  # an iterator of tuples of elements, all of them in turn
    ELEMENT = "element"  # one of the elements
    NEXT = "next"  # one of the elements, another one each time
    KEYS = "keys"  # a dict whose keys are the elements
    MAPPED = "mapped"  # an iterator of what a function gives for each element
    SCALAR = "scalar"  # a value without rows
    DICT = "dict"  # a dict out of pairs


@dataclass(frozen=True, slots=True)
class Iterates:
    """A function that goes over its arguments.

    `arguments`: the positions of the iterables; None means all positional arguments from `first` on.
    `function`: the position of a callable applied to each element, `key` the name of the keyword that holds
    one.
    `nested`: the elements of the argument are iterables, and their elements are given.
    """

    gives: Gives
    arguments: tuple[int, ...] | None = (0,)
    first: int = 0
    function: int | None = None
    key: str | None = None
    nested: bool = False
    accumulates: bool = False  # the function is given the result so far, then the element
    lazy: bool = False
    is_async: bool = False


class Fetch(enum.Enum):
    """What a fetching shortcut gives."""

    ROW = "row"
    LIST_OF_ROWS = "list of rows"


@dataclass(frozen=True, slots=True)
class Fetches:
    """A function that fetches from the model, manager or queryset in argument 0, by the lookups that
    follow.
    """

    gives: Fetch
    is_async: bool = False


# --- innocent: they read at most, change no row or list handed to them and keep no reference that matters ---

_BUILTINS = (  # noqa: SIM905
    "abs ascii bin bool bytes callable chr dir divmod float format getattr hasattr hash hex id int "
    "isinstance issubclass len oct ord pow print range repr round str type vars"
).split()

_TYPING = ("cast", "reveal_type", "assert_type")

_LOG_METHODS = ("critical", "debug", "error", "exception", "fatal", "info", "log", "warn", "warning")

#: Functions that change nothing and keep nothing. An entry that ends in ".*" stands for everything below that
#: name.
INNOCENT: frozenset[str] = frozenset(
    {f"builtins.{name}" for name in _BUILTINS}
    | {f"typing.{name}" for name in _TYPING}
    | {f"typing_extensions.{name}" for name in _TYPING}
    | {f"logging.{name}" for name in _LOG_METHODS}
    | {f"logging.Logger.{name}" for name in _LOG_METHODS}
    | {f"logging.LoggerAdapter.{name}" for name in _LOG_METHODS if name != "fatal"}
    | {
        "logging.getLogger",
        "structlog.get_logger",
        "builtins.object.__str__",
        "builtins.str.*",
        "builtins.bytes.*",
        "base64.*",
        "binascii.*",
        "datetime.*",
        "decimal.Decimal",
        "fractions.Fraction",
        "hashlib.*",
        "html.escape",
        "html.unescape",
        "json.dump",
        "json.dumps",
        "json.load",
        "json.loads",
        "math.*",
        "operator.index",
        "os.path.*",
        "pathlib.Path",
        "pathlib.PurePath",
        "posixpath.*",
        "pprint.pformat",
        "pprint.pprint",
        "re.*",
        "sys.getsizeof",
        "textwrap.*",
        "time.*",
        "traceback.*",
        "unicodedata.*",
        "urllib.parse.*",
        "uuid.*",
        "warnings.warn",
        "django.apps.apps.get_app_config",
        "django.apps.apps.get_model",
        "django.conf.settings.*",
        "django.contrib.auth.get_user",
        "django.contrib.auth.get_user_model",
        "django.contrib.auth.login",
        "django.contrib.auth.logout",
        "django.contrib.auth.update_session_auth_hash",
        "django.contrib.humanize.templatetags.humanize.*",
        "django.contrib.messages.*",
        "django.contrib.sites.shortcuts.get_current_site",
        "django.core.cache.cache.*",
        "django.core.exceptions.*",
        "django.core.mail.*",
        "django.core.validators.*",
        "django.http.FileResponse",
        "django.http.Http404",
        "django.http.HttpResponse",
        "django.http.HttpResponseBadRequest",
        "django.http.HttpResponseForbidden",
        "django.http.HttpResponseGone",
        "django.http.HttpResponseNotAllowed",
        "django.http.HttpResponseNotFound",
        "django.http.HttpResponseNotModified",
        "django.http.HttpResponsePermanentRedirect",
        "django.http.HttpResponseRedirect",
        "django.http.HttpResponseServerError",
        "django.http.JsonResponse",
        "django.shortcuts.redirect",
        "django.shortcuts.render",
        "django.shortcuts.resolve_url",
        "django.template.defaultfilters.*",
        "django.template.loader.render_to_string",
        "django.template.response.TemplateResponse",
        "django.urls.reverse",
        "django.urls.reverse_lazy",
        "django.utils.crypto.*",
        "django.utils.dateformat.*",
        "django.utils.dateparse.*",
        "django.utils.encoding.*",
        "django.utils.formats.*",
        "django.utils.html.*",
        "django.utils.http.*",
        "django.utils.safestring.*",
        "django.utils.text.*",
        "django.utils.timesince.*",
        "django.utils.timezone.*",
        "django.utils.translation.*",
        "rest_framework.response.Response",
        "rest_framework.reverse.reverse",
    }
)

#: Innocent functions that turn the value at these positions into text, and so call its `__str__` (or
#: `__repr__`).
TURNS_INTO_TEXT: Mapping[str, tuple[int, ...] | None] = MappingProxyType(
    {
        "builtins.str": (0,),
        "builtins.repr": (0,),
        "builtins.ascii": (0,),
        "builtins.format": (0,),
        "builtins.print": None,
        "builtins.str.format": None,
        "django.utils.encoding.force_str": (0,),
        "django.utils.encoding.smart_str": (0,),
        "django.utils.html.escape": (0,),
        "django.utils.html.conditional_escape": (0,),
        "django.utils.html.format_html": None,
        "django.utils.text.slugify": (0,),
    }
)

#: Functions that hand a context of rows to a template: position of the template name, position and name of
#: the context.
RENDERS: Mapping[str, tuple[int, int, str]] = MappingProxyType(
    {
        "django.shortcuts.render": (1, 2, "context"),
        "django.template.loader.render_to_string": (0, 1, "context"),
        "django.template.response.TemplateResponse": (1, 2, "context"),
        "django.template.response.SimpleTemplateResponse": (0, 1, "context"),
    }
)

#: `engines["django"]` is one of them.
TEMPLATE_ENGINES = "django.template.engines"

#: Functions that give a template: the names they take are in argument 0.
TEMPLATE_GETTERS: frozenset[str] = frozenset(
    {
        "django.template.loader.get_template",
        "django.template.loader.select_template",
        f"{TEMPLATE_ENGINES}.get_template",
    }
)

#: Functions that make a template of the text in argument 0.
TEMPLATE_MAKERS: frozenset[str] = frozenset(
    {
        "django.template.Template",
        "django.template.base.Template",
        f"{TEMPLATE_ENGINES}.from_string",
    }
)

#: Classes that hold what a template is given: the position of the dict.
CONTEXTS: Mapping[str, int] = MappingProxyType(
    {
        "django.template.Context": 0,
        "django.template.context.Context": 0,
        "django.template.RequestContext": 1,
        "django.template.context.RequestContext": 1,
    }
)

# --- functions that go over their argument ------------------------------------------------------------------

#: Functions that iterate what they are handed, by dotted name.
ITERATING: Mapping[str, Iterates] = MappingProxyType(
    {
        "builtins.list": Iterates(Gives.LIST),
        "builtins.tuple": Iterates(Gives.TUPLE),
        "builtins.set": Iterates(Gives.SET),
        "builtins.frozenset": Iterates(Gives.SET),
        "builtins.dict": Iterates(Gives.DICT),
        "builtins.sorted": Iterates(Gives.LIST, key="key"),
        "builtins.reversed": Iterates(Gives.ITERATOR, lazy=True),
        "builtins.iter": Iterates(Gives.ITERATOR, lazy=True),
        "builtins.aiter": Iterates(Gives.ITERATOR, lazy=True, is_async=True),
        "builtins.next": Iterates(Gives.NEXT),
        "builtins.anext": Iterates(Gives.NEXT, is_async=True),
        "builtins.enumerate": Iterates(Gives.NUMBERED, lazy=True),
        "builtins.zip": Iterates(Gives.ZIPPED, arguments=None, lazy=True),
        "builtins.sum": Iterates(Gives.SCALAR),
        "builtins.any": Iterates(Gives.SCALAR),
        "builtins.all": Iterates(Gives.SCALAR),
        "builtins.max": Iterates(Gives.ELEMENT, key="key"),
        "builtins.min": Iterates(Gives.ELEMENT, key="key"),
        "builtins.map": Iterates(Gives.MAPPED, arguments=None, first=1, function=0, lazy=True),
        "builtins.filter": Iterates(Gives.ITERATOR, arguments=(1,), function=0, lazy=True),
        "builtins.str.join": Iterates(Gives.SCALAR),
        "builtins.dict.fromkeys": Iterates(Gives.KEYS),
        "collections.Counter": Iterates(Gives.KEYS),
        "collections.OrderedDict": Iterates(Gives.DICT),
        "collections.OrderedDict.fromkeys": Iterates(Gives.KEYS),
        "collections.deque": Iterates(Gives.LIST),
        "functools.reduce": Iterates(Gives.SCALAR, arguments=(1,), function=0, accumulates=True),
        "heapq.heappop": Iterates(Gives.NEXT),
        "heapq.nlargest": Iterates(Gives.LIST, arguments=(1,), key="key"),
        "heapq.nsmallest": Iterates(Gives.LIST, arguments=(1,), key="key"),
        "itertools.accumulate": Iterates(Gives.SCALAR, function=1, accumulates=True, lazy=True),
        "itertools.batched": Iterates(Gives.BATCHES, lazy=True),
        "itertools.chain": Iterates(Gives.ITERATOR, arguments=None, lazy=True),
        "itertools.chain.from_iterable": Iterates(Gives.ITERATOR, nested=True, lazy=True),
        "itertools.combinations": Iterates(Gives.PAIRS, lazy=True),
        "itertools.combinations_with_replacement": Iterates(Gives.PAIRS, lazy=True),
        "itertools.compress": Iterates(Gives.ITERATOR, lazy=True),
        "itertools.cycle": Iterates(Gives.ITERATOR, lazy=True),
        "itertools.dropwhile": Iterates(Gives.ITERATOR, arguments=(1,), function=0, lazy=True),
        "itertools.filterfalse": Iterates(Gives.ITERATOR, arguments=(1,), function=0, lazy=True),
        "itertools.groupby": Iterates(Gives.GROUPS, function=1, key="key", lazy=True),
        "itertools.islice": Iterates(Gives.ITERATOR, lazy=True),
        "itertools.pairwise": Iterates(Gives.PAIRS, lazy=True),
        "itertools.permutations": Iterates(Gives.PAIRS, lazy=True),
        "itertools.product": Iterates(Gives.ZIPPED, arguments=None, lazy=True),
        "itertools.starmap": Iterates(Gives.MAPPED, arguments=(1,), function=0, lazy=True),
        "itertools.takewhile": Iterates(Gives.ITERATOR, arguments=(1,), function=0, lazy=True),
        "itertools.zip_longest": Iterates(Gives.ZIPPED, arguments=None, lazy=True),
        "math.fsum": Iterates(Gives.SCALAR),
        "more_itertools.chunked": Iterates(Gives.BATCHES, lazy=True),
        "more_itertools.first": Iterates(Gives.ELEMENT),
        "random.choice": Iterates(Gives.ELEMENT),
        "random.sample": Iterates(Gives.LIST),
        "statistics.mean": Iterates(Gives.SCALAR),
        "statistics.median": Iterates(Gives.SCALAR),
        "tqdm.auto.tqdm": Iterates(Gives.ITERATOR, lazy=True),
        "tqdm.tqdm": Iterates(Gives.ITERATOR, lazy=True),
    }
)

# --- Python's own ways to make objects and functions ---------------------------------------------------------

#: A class whose objects take any keyword as an attribute.
NAMESPACE = "types.SimpleNamespace"
#: The base of a class whose objects are tuples with names, and the functions that make one.
NAMED_TUPLE = "typing.NamedTuple"
NAMED_TUPLES: frozenset[str] = frozenset({"collections.namedtuple", NAMED_TUPLE})
#: Decorators that write an `__init__` which gives each field its argument.
DATACLASSES: frozenset[str] = frozenset(
    {
        "attr.dataclass",
        "attr.define",
        "attr.frozen",
        "attr.s",
        "attrs.define",
        "attrs.frozen",
        "attrs.mutable",
        "dataclasses.dataclass",
    }
)
#: What describes one field of such a class.
FIELDS: frozenset[str] = frozenset({"attr.field", "attr.ib", "attrs.field", "dataclasses.field"})
#: Functions that give a function with its first arguments filled in.
PARTIALS: frozenset[str] = frozenset({"functools.partial"})

# --- functions that fetch, load or guard --------------------------------------------------------------------

#: Shortcuts that fetch rows; their argument 0 is a model, a manager or a queryset.
FETCHING: Mapping[str, Fetches] = MappingProxyType(
    {
        "django.shortcuts.get_object_or_404": Fetches(Fetch.ROW),
        "django.shortcuts.aget_object_or_404": Fetches(Fetch.ROW, is_async=True),
        "django.shortcuts.get_list_or_404": Fetches(Fetch.LIST_OF_ROWS),
        "django.shortcuts.aget_list_or_404": Fetches(Fetch.LIST_OF_ROWS, is_async=True),
        "rest_framework.generics.get_object_or_404": Fetches(Fetch.ROW),
    }
)

#: Functions that load relations onto the rows in argument 0; the lookups follow. True for the async one.
PREFETCHES_OBJECTS: Mapping[str, bool] = MappingProxyType(
    {
        "django.db.models.prefetch_related_objects": False,
        "django.db.models.query.prefetch_related_objects": False,
        "django.db.models.aprefetch_related_objects": True,
        "django.db.models.query.aprefetch_related_objects": True,
    }
)

#: Functions that give the model class of users.
USER_MODEL_GETTERS: frozenset[str] = frozenset({"django.contrib.auth.get_user_model"})

#: Decorators that make a function a task of a queue which knows nothing of the database's transaction.
TASK_DECORATORS = frozenset(
    {
        "celery.shared_task",
        "django_rq.job",
        "dramatiq.actor",
        "huey.contrib.djhuey.db_task",
        "huey.contrib.djhuey.task",
    }
)

#: Functions and context managers that open a transaction.
TRANSACTIONS: frozenset[str] = frozenset(
    {
        "django.db.transaction.atomic",
        "django.db.transaction.Atomic",
        "django.db.transaction.mark_for_rollback_on_error",
    }
)

#: Functions that put a call off until the transaction has been committed.
ON_COMMIT: frozenset[str] = frozenset({"django.db.transaction.on_commit"})

#: Queryset methods under which a row's columns may be changed in Python without losing an update.
ROW_LOCKS: frozenset[str] = frozenset({"select_for_update"})

#: Names of F and its kin: an expression that the database works out.
F_NAMES: frozenset[str] = frozenset(
    {"django.db.models.F", "django.db.models.expressions.F", "django.contrib.gis.db.models.F"}
)

PREFETCH_NAMES: frozenset[str] = frozenset({"django.db.models.Prefetch", "django.db.models.query.Prefetch"})
GENERIC_PREFETCH_NAMES: frozenset[str] = frozenset({"django.contrib.contenttypes.prefetch.GenericPrefetch"})

#: The fetch modes by dotted name (Django 6.1): "one", "peers" or "raise".
FETCH_MODES: Mapping[str, str] = MappingProxyType(
    {
        "django.db.models.FETCH_ONE": "one",
        "django.db.models.FETCH_PEERS": "peers",
        "django.db.models.FETCH_RAISE": "raise",
        "django.db.models.fetch_modes.FETCH_ONE": "one",
        "django.db.models.fetch_modes.FETCH_PEERS": "peers",
        "django.db.models.fetch_modes.FETCH_RAISE": "raise",
    }
)

# --- clocks and generators: a call that gives another value each time ---------------------------------------

#: Callables whose value is fixed when they are called: a default should be the callable, not its value.
#: The value tells whether the callable itself, without arguments, may stand as the default.
CLOCKS: Mapping[str, bool] = MappingProxyType(
    {
        "datetime.date.today": True,
        "datetime.datetime.now": True,
        "datetime.datetime.today": True,
        "datetime.datetime.utcnow": True,
        "time.gmtime": True,
        "time.localtime": True,
        "time.monotonic": True,
        "time.time": True,
        "time.time_ns": True,
        "django.utils.timezone.localdate": True,
        "django.utils.timezone.localtime": True,
        "django.utils.timezone.now": True,
    }
)

GENERATORS: Mapping[str, bool] = MappingProxyType(
    {
        "uuid.uuid1": True,
        "uuid.uuid4": True,
        "uuid.uuid6": True,
        "uuid.uuid7": True,
        "uuid.uuid8": True,
        "uuid.uuid3": False,
        "uuid.uuid5": False,
        "secrets.choice": False,
        "secrets.randbelow": False,
        "secrets.randbits": False,
        "secrets.token_bytes": True,
        "secrets.token_hex": True,
        "secrets.token_urlsafe": True,
        "random.betavariate": False,
        "random.choice": False,
        "random.choices": False,
        "random.gauss": True,
        "random.getrandbits": False,
        "random.randbytes": False,
        "random.randint": False,
        "random.random": True,
        "random.randrange": False,
        "random.sample": False,
        "random.uniform": False,
        "os.urandom": False,
        "django.contrib.auth.hashers.make_password": False,
        "django.utils.crypto.get_random_string": False,
        "django.core.management.utils.get_random_secret_key": True,
    }
)

#: Modules of the standard library that work on data and files: neither their functions nor the objects that these give
#: run code of the project, or talk to anybody who might.
_STANDARD_MODULE_NAMES = (  # noqa: SIM905
    "array base64 binascii bisect bz2 calendar codecs colorsys configparser csv datetime decimal difflib fnmatch "
    "fractions glob gzip hashlib heapq hmac html io ipaddress json locale logging lzma math mimetypes numbers os "
    "pathlib platform plistlib posixpath pprint random re secrets shlex shutil stat statistics string struct sys "
    "tarfile tempfile textwrap time tomllib traceback unicodedata uuid warnings zipfile zlib zoneinfo"
).split()
_STANDARD_BUILTIN_NAMES = (  # noqa: SIM905
    "abs ascii bin bool bytearray bytes chr divmod float format hash hex id input int oct open ord pow print repr "
    "round str"
).split()
_STANDARD_MODULES = frozenset(_STANDARD_MODULE_NAMES)
_STANDARD_BUILTINS = frozenset(f"builtins.{name}" for name in _STANDARD_BUILTIN_NAMES)
_STANDARD_PREFIXES = ("urllib.parse.", "xml.etree.", "xml.dom.", "builtins.str.", "builtins.bytes.")
#: These start another program.
_STARTS_PROGRAM = re.compile(r"os\.(?:exec|fork|popen|posix_spawn|spawn|startfile|system)")

_PREFIXES: frozenset[str] = frozenset(name[:-1] for name in INNOCENT if name.endswith(".*"))


def is_innocent(dotted: str) -> bool:
    """True where the callable changes none of its arguments and keeps no reference that matters."""
    if dotted in INNOCENT or dotted in ITERATING or dotted in FETCHING:
        return True
    end = dotted.find(".")
    while end != -1:
        if dotted[: end + 1] in _PREFIXES:
            return True
        end = dotted.find(".", end + 1)
    return False


def is_standard(dotted: str) -> bool:
    """True for a function of the standard library that works on data and files: it reaches no database, and neither
    does what it gives.
    """
    module = dotted.partition(".")[0]
    if module in _STANDARD_MODULES:
        return not _STARTS_PROGRAM.match(dotted)
    return dotted in _STANDARD_BUILTINS or dotted.startswith(_STANDARD_PREFIXES)


def iterating(dotted: str) -> Iterates | None:
    """How the callable goes over its arguments, None where it does not or is not known."""
    return ITERATING.get(dotted)


def fetching(dotted: str) -> Fetches | None:
    """What the shortcut fetches, None where it is none."""
    return FETCHING.get(dotted)


def changes_each_call(dotted: str) -> bool:
    """True for clocks and generators: calling once and keeping the value is different from calling each
    time.
    """
    return dotted in CLOCKS or dotted in GENERATORS


def works_as_default(dotted: str) -> bool:
    """True where the callable itself, without arguments, does what its call without arguments does."""
    return CLOCKS.get(dotted, False) or GENERATORS.get(dotted, False)
