"""What mapping raw tables can find: columns and translations (RS050 to RS099)."""

from __future__ import annotations

from sync.model.finding import Code, Severity

MISSING_COLUMN = Code(
    "RS050",
    Severity.REFUSED,
    "A required column is missing",
    "The file has no column of this name, and without it its rows cannot be read.",
    "Add the column to the export, or correct its name: the nearest one is named.",
)
NO_CLASS_OR_COURSE = Code(
    "RS051",
    Severity.REFUSED,
    "Enrollments without class and course",
    "The file has neither a column classSourcedId nor courseSourcedId, so that it is "
    "not known what the people are enrolled in.",
    "Add one of the two columns to the export.",
)
MISSPELT_COLUMN = Code(
    "RS052",
    Severity.NOTE,
    "A misspelt column name",
    "The column has a name that is often written instead of the right one, and was "
    "read as that.",
    "Nothing. Better correct the name in the export.",
)
IGNORED_COLUMNS = Code(
    "RS053",
    Severity.NOTE,
    "Columns that nothing uses",
    "The mapping says nothing about these columns of the file; they were left alone.",
    "Nothing, if they are not needed. Otherwise correct their names.",
)
UNKNOWN_LAYOUT = Code(
    "RS054",
    Severity.REFUSED,
    "A file of unknown content",
    "Neither the name nor the header of the file says for certain what it holds.",
    "Give the file the name of its table, such as students.csv.",
)
UNEVEN_COLUMN = Code(
    "RS055",
    Severity.WARNING,
    "A column that only some files have",
    "Several files make up one table, and this column is not in all of them. It is "
    "left out for all: an absent column must not empty anything.",
    "Export the files with the same columns.",
)
UNTRANSLATED = Code(
    "RS056",
    Severity.REJECTED,
    "A value that the mapping does not translate",
    "The mapping has a table of the values of this column, and this one is not in it.",
    "Correct the cell, or add the value to the mapping.",
)

CODES: tuple[Code, ...] = (
    MISSING_COLUMN,
    NO_CLASS_OR_COURSE,
    MISSPELT_COLUMN,
    IGNORED_COLUMNS,
    UNKNOWN_LAYOUT,
    UNEVEN_COLUMN,
    UNTRANSLATED,
)
"""All codes of this package, in order."""
