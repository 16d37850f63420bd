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
    "Several files make up one table, and this column is not in all of them. The rows "
    "of a file without it leave what the remote system holds there as it is.",
    "Export the files with the same columns.",
)
UNTRANSLATED = Code(
    "RS056",
    Severity.REJECTED,
    "A value that the mapping does not translate",
    "The mapping has a table of the values of this column, and this one is not in it.",
    "Correct the cell, or add the value to the mapping.",
)
AMBIGUOUS_JOIN = Code(
    "RS057",
    Severity.REJECTED,
    "A joined file that says different things",
    "The mapping takes values for this row from another file, which has several rows "
    "with its key that do not say the same. The program never picks one of them.",
    "Leave one row for each key in the other file, or let the mapping take many.",
)
NO_JOINED_FILE = Code(
    "RS058",
    Severity.WARNING,
    "Not all files of an entity are there",
    "The mapping takes the records of this entity from several files, and one of them "
    "is not in the drop. What is there was read, but nothing is removed: who is not in "
    "it may stand in the missing file.",
    "Deliver the missing file along with the others.",
)
SEVERAL_LAYOUTS = Code(
    "RS059",
    Severity.REFUSED,
    "A drop that fits several layouts",
    "The names and headers of the files fit more than one mapping equally well, and "
    "the program does not guess.",
    "Name the mapping with --mapping, or in the configuration of the target.",
)
NO_MANIFEST = Code(
    "RS060",
    Severity.NOTE,
    "A OneRoster drop without a manifest",
    "The files are those of OneRoster, but there is no manifest.csv that says which "
    "of them are bulk and which delta. All of them were read as bulk.",
    "Let the student information system write the manifest.",
)
MANIFEST_VERSION = Code(
    "RS061",
    Severity.REFUSED,
    "An unknown version of OneRoster",
    "The manifest names a version of OneRoster that this program does not read.",
    "Export the drop as OneRoster 1.1 or 1.2.",
)
MANIFEST_MODE = Code(
    "RS062",
    Severity.REFUSED,
    "An unknown mode in the manifest",
    "The manifest must say bulk, delta or absent of each file. Of bulk and delta it "
    "depends whether what is not in the file is gone, so it cannot be guessed.",
    "Correct the manifest.",
)
DECLARED_MISSING = Code(
    "RS063",
    Severity.REFUSED,
    "A file that the manifest declares is missing",
    "The manifest says that the file is part of the drop, but it is not there: the "
    "delivery is not complete.",
    "Deliver the drop again, whole, or declare the file absent.",
)
PRESENT_ABSENT = Code(
    "RS064",
    Severity.WARNING,
    "A file that the manifest declares absent",
    "The file lies in the drop, but the manifest says that it is not part of it. It "
    "was left alone: nothing of it was created, changed or removed.",
    "Declare it bulk or delta, or leave it out of the drop.",
)
MANIFEST_TWICE = Code(
    "RS065",
    Severity.REFUSED,
    "The manifest contradicts itself",
    "The manifest names a property twice, with different values.",
    "Leave one line for each property in the manifest.",
)
UNDECLARED = Code(
    "RS066",
    Severity.WARNING,
    "A file that the manifest does not mention",
    "The manifest does not say whether the file is bulk or delta. It was read as "
    "delta where a row has a status, and as bulk where none has.",
    "Declare the file in the manifest.",
)
MANIFEST_PROPERTY = Code(
    "RS067",
    Severity.NOTE,
    "An unknown property in the manifest",
    "The manifest has a property that OneRoster does not know; it was passed over.",
    "Nothing, or correct its name.",
)
MANIFEST_INCOMPLETE = Code(
    "RS068",
    Severity.WARNING,
    "A manifest without its version",
    "The manifest does not say which version of OneRoster the files have, or of which "
    "form it is itself. The version was told by the headers of the files.",
    "Let the manifest name manifest.version and oneroster.version.",
)
TURNED_LINKS = Code(
    "RS069",
    Severity.NOTE,
    "Links named on the rows of guardians",
    "agentSourcedIds belongs on the student's row and names the guardians. Here rows "
    "of other people name students; they were read as the same links.",
    "Nothing. Better name the guardians on the students' rows.",
)
ODD_CONDITION = Code(
    "RS070",
    Severity.REJECTED,
    "A value that is nearly one that the mapping looks for",
    "The mapping takes only rows with certain values in this column. This one is none "
    "of them, but so much like one that it may be a slip; left out, the person would "
    "look like one who left.",
    "Correct the cell, or name the value in the mapping under where or unless.",
)

CODES: tuple[Code, ...] = (
    MISSING_COLUMN,
    NO_CLASS_OR_COURSE,
    MISSPELT_COLUMN,
    IGNORED_COLUMNS,
    UNKNOWN_LAYOUT,
    UNEVEN_COLUMN,
    UNTRANSLATED,
    AMBIGUOUS_JOIN,
    NO_JOINED_FILE,
    SEVERAL_LAYOUTS,
    NO_MANIFEST,
    MANIFEST_VERSION,
    MANIFEST_MODE,
    DECLARED_MISSING,
    PRESENT_ABSENT,
    MANIFEST_TWICE,
    UNDECLARED,
    MANIFEST_PROPERTY,
    MANIFEST_INCOMPLETE,
    TURNED_LINKS,
    ODD_CONDITION,
)
"""All codes of this package, in order."""
