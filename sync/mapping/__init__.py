"""Raw tables -> canonical tables, as a TOML file per layout says.

Front door of the package; everything else in it is internal.
"""

from __future__ import annotations

from sync.mapping.apply import apply, name_entities, wanted
from sync.mapping.codes import CODES
from sync.mapping.kept import columns_read
from sync.mapping.load import load, mistakes, schema
from sync.mapping.model import MappingFile
from sync.mapping.plain import Plain, plain
from sync.mapping.recognise import Layout, recognise
from sync.mapping.shipped import data_folder, names

__all__ = [
    "CODES",
    "Layout",
    "MappingFile",
    "Plain",
    "apply",
    "columns_read",
    "data_folder",
    "load",
    "mistakes",
    "name_entities",
    "names",
    "plain",
    "recognise",
    "schema",
    "wanted",
]
