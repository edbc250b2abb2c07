"""Rows as plain objects, and Peewee's queries as SQL that is compiled once.

The model layer costs several times the SQL it makes. So a model declares a table and its types,
its query builder writes the statement, and neither is on the way of a message: the statement is
kept, and a row is filled without Model.__init__.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import peewee

from inboxd.store.models import Record

Row = TypeVar("Row", bound=Record)


class Arg:
    """A value that a prepared query is given when it runs."""

    def __init__(self, name: str) -> None:
        self.name = name


def arg(name: str) -> Any:
    return peewee.Value(Arg(name), converter=False)


class Shape(Generic[Row]):
    """How a tuple becomes a row. Rows skip Model.__init__: it costs more than the SQL."""

    def __init__(self, model: type[Row]) -> None:
        self.model = model
        fields = model._meta.sorted_fields
        self.names = [field.name for field in fields]
        self.fields = {field.name: field for field in fields}
        adapts = {peewee.Field, peewee.IntegerField, peewee.BigIntegerField, peewee.TextField, peewee.AutoField}
        self.readers = [(field.name, field.python_value) for field in fields if type(field) not in adapts]
        self.writers = [(field.name, field.db_value) for field in fields if type(field) not in adapts]
        defaults = {field.name: field.default for field in fields if field.default is not None}
        self.factories = [(name, make) for name, make in defaults.items() if callable(make)]
        self.blank = dict.fromkeys(self.names) | {n: value for n, value in defaults.items() if not callable(value)}
        del self.blank["id"]
        self.keeps_update = "updated_at" in self.fields

    def row(self, data: dict[str, Any]) -> Row:
        row = self.model.__new__(self.model)
        row.__dict__ = data
        return row

    def read(self, values: tuple[Any, ...]) -> Row:
        data = dict(zip(self.names, values, strict=True))
        for name, reader in self.readers:
            if data[name] is not None:
                data[name] = reader(data[name])
        return self.row(data)

    def to_store(self, data: dict[str, Any]) -> dict[str, Any]:
        """The same values as the database takes them."""
        stored = data.copy()
        for name, writer in self.writers:
            if stored.get(name) is not None:
                stored[name] = writer(stored[name])
        return stored


_SHAPES: dict[type[Record], Shape[Any]] = {}


def shape_of(model: type[Row]) -> Shape[Row]:
    shape = _SHAPES.get(model)
    if shape is None:
        shape = _SHAPES[model] = Shape(model)
    return shape


class Compiler:
    """Peewee as the layer between databases: queries become SQL once and are kept."""

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self._kept: dict[Any, Statement] = {}

    def now(self, query: Any) -> tuple[str, list[Any]]:
        context: Any = self._database.get_sql_context()
        sql, values = context.parse(query)
        return sql, values

    def once(self, key: Any, build: Callable[[], Any]) -> "Statement":
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = Statement(*self.now(build()))
        return kept


class Statement:
    """SQL, and the order in which it wants its values: Peewee sorts columns in its own way."""

    __slots__ = ("_params", "sql")

    def __init__(self, sql: str, params: list[Any]) -> None:
        self.sql = sql
        self._params = [(param.name, None) if isinstance(param, Arg) else (None, param) for param in params]

    def bind(self, values: dict[str, Any]) -> list[Any]:
        return [constant if name is None else values[name] for name, constant in self._params]


class Prepared(Generic[Row]):
    """A query written once with Peewee, its run-time values marked with `arg(name)`."""

    def __init__(self, model: type[Row], build: Callable[[], Any]) -> None:
        self.model = model
        self.build = build
