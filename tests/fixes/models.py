"""The models that the tests of fix builders share, as text, and rows for them."""

MODELS = """
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Publisher(models.Model):
    name = models.CharField(max_length=20)


class Author(models.Model):
    name = models.CharField(max_length=20)
    publisher = models.ForeignKey(Publisher, models.CASCADE)


class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE, related_name="profile")
    text = models.CharField(max_length=20)


class ActiveManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(name__gte="")


class Shelf(models.Model):
    name = models.CharField(max_length=20)
    objects = ActiveManager()

    class Meta:
        base_manager_name = "objects"


class BookQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published=True)

    def cheap(self):
        books = self.filter(copies__lt=1000)
        return books.order_by("pk")


class Note(models.Model):
    text = models.CharField(max_length=20)
    writer = models.ForeignKey(Author, models.CASCADE)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    subject = GenericForeignKey()


class Book(models.Model):
    title = models.CharField(max_length=20)
    published = models.BooleanField(default=True)
    copies = models.IntegerField(default=0)
    rating = models.IntegerField(null=True)
    code = models.CharField(max_length=20, null=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited")
    shelf = models.ForeignKey(Shelf, models.CASCADE)
    notes = GenericRelation(Note)
    objects = BookQuerySet.as_manager()


class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    editor = models.ForeignKey(Author, models.CASCADE, related_name="+")
    title = models.CharField(max_length=20)
    done = models.BooleanField(default=False)
    pages = models.IntegerField(null=True)
    size = models.IntegerField(default=0)
"""

#: `make(n)` of a proof: n books, each with rows of its own behind every relation.
MAKE = """
def make(n):
    ContentType.objects.clear_cache()
    for number in range(n):
        publisher = Publisher.objects.create(name=f"publisher {number}")
        author = Author.objects.create(name=f"author {number}", publisher=publisher)
        Profile.objects.create(author=author, text=f"profile {number}")
        book = Book.objects.create(
            title=f"book {number}",
            author=author,
            editor=author if number % 2 else None,
            shelf=Shelf.objects.create(name=f"shelf {number}"),
            copies=number,
            rating=number if number % 3 else None,
        )
        Note.objects.create(text=f"note {number}", writer=author, subject=book)
        for part in range(number % 4):
            editor = Author.objects.create(name=f"editor {number} {part}", publisher=publisher)
            Chapter.objects.create(
                book=book,
                editor=editor,
                title="bAcZ"[(part + number) % 4],
                done=part % 2 == 0,
                pages=None if part == 1 else 10 - part,
                size=part * number % 3,
            )
"""
