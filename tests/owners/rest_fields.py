"""Fields of serializers, each with a queryset to read, to ask the real Django REST framework and the linter about.

Plain data: `name: (queryset, field)`, both as source text. The fields are those of a plain Serializer.
"""

MANY = "read_only=True, many=True"
ONE = "read_only=True"
NESTED_AUTHOR = "AuthorSerializer"
NESTED_BOOK = "BookSerializer"

FIELDS = {
    # A foreign key.
    "a key": ("Book.objects.all()", f"serializers.PrimaryKeyRelatedField({ONE}, source='author')"),
    "a key's column": ("Book.objects.all()", "serializers.IntegerField(source='author_id')"),
    "a slug": ("Book.objects.all()", f"serializers.SlugRelatedField(slug_field='name', {ONE}, source='author')"),
    "a slug, joined": (
        "Book.objects.select_related('author')",
        f"serializers.SlugRelatedField(slug_field='name', {ONE}, source='author')",
    ),
    "a slug over a foreign key": (
        "Page.objects.select_related('book')",
        f"serializers.SlugRelatedField(slug_field='author', {ONE}, source='book')",
    ),
    "a text": ("Book.objects.all()", "serializers.StringRelatedField(source='author')"),
    "a text, prefetched": (
        "Book.objects.prefetch_related('author')",
        "serializers.StringRelatedField(source='author')",
    ),
    "a nested serializer": ("Book.objects.all()", f"{NESTED_AUTHOR}(source='author')"),
    "a nested serializer, joined": ("Book.objects.select_related('author')", f"{NESTED_AUTHOR}(source='author')"),
    # Dotted sources.
    "a dotted source": ("Book.objects.all()", "serializers.CharField(source='author.name')"),
    "a dotted source, joined": (
        "Book.objects.select_related('author')",
        "serializers.CharField(source='author.name')",
    ),
    "a dotted key": ("Book.objects.all()", "serializers.IntegerField(source='author.pk')"),
    "the key of a key": ("Book.objects.all()", f"serializers.PrimaryKeyRelatedField({ONE}, source='author.profile')"),
    "the key of a joined row": (
        "Page.objects.select_related('book')",
        f"serializers.PrimaryKeyRelatedField({ONE}, source='book.author')",
    ),
    "the key of a row": ("Page.objects.all()", f"serializers.PrimaryKeyRelatedField({ONE}, source='book.author')"),
    "a source with a key half joined": (
        "Page.objects.select_related('book')",
        "serializers.CharField(source='book.author.name')",
    ),
    # The other side of a one-to-one.
    "a reverse one-to-one by key": (
        "Author.objects.all()",
        f"serializers.PrimaryKeyRelatedField({ONE}, source='profile')",
    ),
    "a reverse one-to-one by key, joined": (
        "Author.objects.select_related('profile')",
        f"serializers.PrimaryKeyRelatedField({ONE}, source='profile')",
    ),
    # Many rows.
    "many keys": ("Author.objects.all()", f"serializers.PrimaryKeyRelatedField({MANY}, source='books')"),
    "many keys, prefetched": (
        "Author.objects.prefetch_related('books')",
        f"serializers.PrimaryKeyRelatedField({MANY}, source='books')",
    ),
    "many keys of all()": (
        "Author.objects.prefetch_related('books')",
        f"serializers.PrimaryKeyRelatedField({MANY}, source='books.all')",
    ),
    "many nested": ("Author.objects.all()", f"{NESTED_BOOK}(many=True, source='books')"),
    "many nested, prefetched": (
        "Author.objects.prefetch_related('books')",
        f"{NESTED_BOOK}(many=True, source='books')",
    ),
    "many nested of all(), prefetched": (
        "Author.objects.prefetch_related('books')",
        f"{NESTED_BOOK}(many=True, source='books.all')",
    ),
    "many in a ListSerializer": (
        "Author.objects.all()",
        f"serializers.ListSerializer(child={NESTED_BOOK}(), source='books')",
    ),
    "many in a ListSerializer, prefetched": (
        "Author.objects.prefetch_related('books')",
        f"serializers.ListSerializer(child={NESTED_BOOK}(), source='books')",
    ),
    "many slugs": ("Book.objects.all()", f"serializers.SlugRelatedField(slug_field='word', {MANY}, source='tags')"),
    "many slugs, prefetched": (
        "Book.objects.prefetch_related('tags')",
        f"serializers.SlugRelatedField(slug_field='word', {MANY}, source='tags')",
    ),
    "many texts": ("Book.objects.all()", "serializers.StringRelatedField(many=True, source='tags')"),
    "many texts, prefetched": (
        "Book.objects.prefetch_related('tags')",
        "serializers.StringRelatedField(many=True, source='tags')",
    ),
    "many keys in a ManyRelatedField": (
        "Book.objects.all()",
        f"serializers.ManyRelatedField(child_relation=serializers.PrimaryKeyRelatedField({ONE}), source='tags')",
    ),
    "many keys behind a dot": (
        "Book.objects.select_related('author')",
        f"serializers.PrimaryKeyRelatedField({MANY}, source='author.books')",
    ),
    "many keys behind a dot, prefetched": (
        "Book.objects.select_related('author').prefetch_related('author__books')",
        f"serializers.PrimaryKeyRelatedField({MANY}, source='author.books')",
    ),
    "many nested that read a key": (
        "Author.objects.prefetch_related('books')",
        "EditedSerializer(many=True, source='books')",
    ),
    "many nested that read a key, prefetched": (
        "Author.objects.prefetch_related('books__editor')",
        "EditedSerializer(many=True, source='books')",
    ),
    # A method of the manager.
    "a number": ("Author.objects.all()", "serializers.IntegerField(source='books.count')"),
    "a number, prefetched": (
        "Author.objects.prefetch_related('books')",
        "serializers.IntegerField(source='books.count')",
    ),
}
