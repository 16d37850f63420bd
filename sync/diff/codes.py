"""The findings that only the comparison with the target can make: who is who."""

from __future__ import annotations

from sync.model.finding import Code, Severity

CODES: tuple[Code, ...] = (
    Code(
        "RS501",
        Severity.WARNING,
        "A person whose id may have changed",
        "No record of the target has the id of this row, but one that no row names has "
        "the same given name and the same e-mail, username or identifier, or the same "
        "name, birth date and org. Nothing is created for the row, and nothing of the "
        "record, its links and its enrollments is changed or ended, until somebody has "
        "confirmed that the two are one.",
        "Take renames.csv out of the run's folder, delete the rows that nobody "
        "confirms, and run with --accept-renames and that file. If the two are not one "
        "person, end the old record on the target, or correct the row.",
    ),
    Code(
        "RS502",
        Severity.WARNING,
        "An id that may have been given to another person",
        "The target has a record of this id whose given name, family name and birth "
        "date (or e-mail, where a birth date is not known) are all other ones. The row "
        "is carried out, so that the account becomes that of the person in the row.",
        "See whether the id was used again. If it was, deliver the new person under an "
        "id of his own; what is already changed, undo takes back.",
    ),
)
