"""What every finding code of validation means, for ``explain`` and the documentation.

Written for the person at the school who mends the data: what it means, why it matters,
what to do. Codes are stable: a number is never given to another meaning.
"""

from __future__ import annotations

from sync.model.finding import Code, Severity

_NO, _SAY, _NOTE = Severity.REJECTED, Severity.WARNING, Severity.NOTE

_TYPE = (
    "Correct the cell, leave it empty, or translate it with values = { … } in the"
    " mapping. Whatever names the record is rejected with it."
)

_VALUES = (
    Code(
        "RS101",
        _NO,
        "a required value is missing",
        "The cell is empty, and the record cannot be written without it. An enrollment"
        " needs its class or its course. The record that the remote system holds under"
        " this key is left as it is.",
        "Fill the cell in the student information system. Where all rows lack it, give"
        " the column a default in the mapping.",
    ),
    Code(
        "RS102",
        _NO,
        "an identifier is too long",
        "Identifiers have up to 255 characters (OneRoster). A longer one mostly means"
        " that a quote is missing and that several cells have run together.",
        "Open the file at this line and look for a quote that opens and never closes.",
    ),
    Code(
        "RS103",
        _NO,
        "an identifier holds a control character",
        "A line end, a tab or another invisible character stands within the identifier,"
        " so that it would never match the same one elsewhere.",
        "Take it out in the student information system; look for a missing quote.",
    ),
    Code(
        "RS104",
        _NO,
        "an identifier was rewritten by a spreadsheet",
        "1.23E+05 is how a spreadsheet shows a long number. The digits are lost, and"
        " several people may now share what is left.",
        "Export again without opening the file in a spreadsheet, or set the column to"
        " text before opening it.",
    ),
    Code(
        "RS105",
        _SAY,
        "a text holds a control character",
        "A line end or a tab stands within a name or another text. The row counts, but"
        " it may be two cells, or two rows, that a stray quote has joined.",
        "Look at the line; take the character out in the student information system.",
    ),
    Code(
        "RS106",
        _SAY,
        "letters were read in another encoding",
        "JosÃ© for José: the text was written in one encoding and read in another, most"
        " often by a spreadsheet or a text editor in between.",
        "Export again as UTF-8 and deliver the file untouched. Names that are wrong in"
        " the student information system itself must be typed again.",
    ),
    Code(
        "RS107",
        _SAY,
        "a value looks shifted into the wrong column",
        "An e-mail address or a date where a name belongs, a status where an identifier"
        " belongs: the cells of the row have probably moved by one.",
        "Compare the row with the header; look for a comma that is not quoted.",
    ),
    Code(
        "RS108",
        _NO,
        "an identifier is a dot or two",
        "An identifier stands in the address of its record, where a dot or two dots"
        " mean this folder or the one above it.",
        "Give the record an identifier of its own in the student information system.",
    ),
    Code(
        "RS110",
        _NO,
        "not a status",
        "The status says whether a record is active, inactive or tobedeleted. A word"
        " that is not known must neither make a leaver nor keep one.",
        "Correct the cell, or translate the code with values = { … } in the mapping.",
    ),
    Code(
        "RS111",
        _NO,
        "not true or false",
        "Understood are true, 1, yes, y and false, 0, no, n, in any case.",
        "Correct the cell, or translate it with values = { … } in the mapping.",
    ),
    Code(
        "RS112",
        _NO,
        "not a grade",
        "Grades are IT, PR, PK, TK, KG, 01 to 13, PS, UG and Other; K, 5, 5th and lists"
        " such as 5,6 are understood as well.",
        "Correct the cell, or translate the code with values = { … } in the mapping.",
    ),
    Code(
        "RS113",
        _NO,
        "not a role of users",
        "A person needs a role that the remote system knows, or one of its own that"
        " begins with ext: and has a name.",
        "Correct the cell, or translate the job title with values = { … } in the"
        " mapping.",
    ),
    Code(
        "RS114",
        _NO,
        "not a role of enrollments",
        "In a class a person is student, teacher, administrator, proctor or aide, or"
        " has a role of the system's own that begins with ext: and has a name.",
        "Correct the cell, or translate it with values = { … } in the mapping.",
    ),
    Code(
        "RS115",
        _NO,
        "not a type of role",
        "A role is primary or secondary.",
        "Correct the cell, or leave it empty: it is primary then.",
    ),
    Code(
        "RS116",
        _NO,
        "not a date",
        "Dates are read as year-month-day (2026-08-31), with or without a time. 03/04"
        " is March to some and April to others, so other forms are not guessed.",
        'Name the form in the mapping: as = "date", format = "%d/%m/%Y". A day that the'
        " calendar lacks must be corrected in the student information system.",
    ),
    Code(
        "RS117",
        _SAY,
        "not an e-mail address",
        "The cell is left out as if it had not been delivered: the address that the"
        " remote system holds stays.",
        "Correct the address, or leave the cell empty if there is none.",
    ),
    Code(
        "RS118",
        _SAY,
        "not a phone number",
        "A number has 7 to 15 digits after an optional +; spaces, dots, hyphens,"
        " slashes, brackets and an extension may stand in it. The cell is left out as"
        " if it had not been delivered.",
        "Correct the number, or leave the cell empty if there is none.",
    ),
    Code(
        "RS120",
        _NO,
        "the end lies before the beginning",
        "The two dates of the row contradict each other.",
        "Correct one of them in the student information system.",
    ),
    Code(
        "RS121",
        _SAY,
        "a date is more than a century away",
        "The row counts, but the year is probably a slip of the pen (0206 for 2006).",
        "Look at the year.",
    ),
    Code(
        "RS122",
        _NO,
        "not a type of org",
        "An org is a department, school, district, local, state or national one, or has"
        " a type of the system's own that begins with ext: and has a name.",
        _TYPE,
    ),
    Code(
        "RS123",
        _NO,
        "not a type of class",
        "A class is homeroom or scheduled, or has a type of the system's own that"
        " begins with ext: and has a name.",
        _TYPE,
    ),
    Code(
        "RS124",
        _NO,
        "not a type of academic session",
        "A session is a gradingPeriod, semester, schoolYear or term, or has a type of"
        " the system's own that begins with ext: and has a name.",
        _TYPE,
    ),
)

_KEYS = (
    Code(
        "RS201",
        _SAY,
        "a row that says the same again",
        "Another row has the same key and the same values; they count as one, and this"
        " one counts as merged.",
        "Deliver each record once. Rows that differ in roles alone are not meant here.",
    ),
    Code(
        "RS202",
        _NO,
        "rows of one key that differ",
        "Several rows have the same key and say different things. The program never"
        " picks one: all of them are rejected, and the remote record stays as it is.",
        "Find out which row is right and take the others out of the export.",
    ),
    Code(
        "RS203",
        _NO,
        "one username for two active people",
        "Compared in any case. Most systems refuse the second account, or give it to"
        " the first person.",
        "Give each person a username of their own. Where two accounts may share one,"
        ' set same_username = "warn" for the target.',
    ),
    Code(
        "RS204",
        _SAY,
        "one e-mail address for several people",
        "Families may share one. Systems that tell people apart by their address will"
        " take them for one person.",
        "Give each person an address of their own where that is possible.",
    ),
    Code(
        "RS205",
        _NO,
        "two files say different things of one person",
        "The person stands in the file of students and in that of users. The students'"
        " row owns the fields, the other gives roles, and what both say must agree.",
        "Let both rows say the same, or leave the column out of one of the files.",
    ),
    Code(
        "RS206",
        _NO,
        "another row of this person was rejected",
        "All rows of a person stand or fall together, because one of them alone would"
        " take the person's other roles away.",
        "Correct the row that is named; this one needs nothing.",
    ),
    Code(
        "RS207",
        _NO,
        "a person without a role",
        "The roles of people stand in a file of their own, and none of its rows names"
        " this person. Whether it is a student or a teacher cannot be known, so that"
        " nothing is written; the remote record stays as it is.",
        "Deliver a row with the role of this person.",
    ),
)

_MISSING = (
    "The drop holds that file whole, and the record is not in it. What refers to"
    " nothing cannot be written; the remote record stays as it is."
)
_DELIVER = "Deliver the record that is missing, or correct the identifier."


def _unmet(code: str, noun: str) -> Code:
    return Code(code, _NO, f"{noun} that is not in the drop", _MISSING, _DELIVER)


_REFERENCES = (
    _unmet("RS250", "an org"),
    _unmet("RS251", "an academic session"),
    _unmet("RS252", "a course"),
    _unmet("RS253", "a class"),
    _unmet("RS254", "a person"),
    _unmet("RS255", "a student"),
    Code(
        "RS260",
        _NO,
        "the record that it names was rejected",
        "The row itself may be right. What it names was rejected at the place that is"
        " given, and nothing is written for it until that is mended.",
        "Correct the row that is named; this one needs nothing.",
    ),
    Code(
        "RS262",
        _NO,
        "a student named as their own guardian",
        "The two identifiers of the link are the same.",
        "Name the guardian, or take the row out.",
    ),
    Code(
        "RS263",
        _NOTE,
        "a student without any guardian",
        "No row of the file of agents names this student. That may be right.",
        "Deliver the link if there is a guardian.",
    ),
    Code(
        "RS264",
        _SAY,
        "an active enrollment of a person who is not active",
        "The person is inactive or to be deleted, the enrollment is not.",
        "End the enrollment, or make the person active again.",
    ),
)

CODES: tuple[Code, ...] = (*_VALUES, *_KEYS, *_REFERENCES)
"""Every code of validation, in order."""
