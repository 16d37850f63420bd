"""The findings of a projection: what a target cannot hold, or nobody holds."""

from __future__ import annotations

from sync.model.finding import Code, Severity

CODES: tuple[Code, ...] = (
    Code(
        "RS301",
        Severity.WARNING,
        "The row waits for a record that nobody holds",
        "It names an org, a class, a course or a person that neither the drop nor the "
        "target holds, so nothing can be sent for it. Nothing of it is changed or "
        "removed.",
        "Add the missing record to the drop or to the target, and run again.",
    ),
    Code(
        "RS302",
        Severity.NOTE,
        "Rows, or parts of rows, that the target cannot hold",
        "The target has no place for what these rows say, or is configured without "
        "them. Rows that are left out as a whole are counted as unsupported.",
        "Nothing, if that is as intended; otherwise look at the target's page in the "
        "documentation.",
    ),
    Code(
        "RS303",
        Severity.NOTE,
        "Rows whose time has not come",
        "The target keeps no begin dates, so an enrollment is sent on the day on which "
        "it begins.",
        "Nothing: the run of that day sends them.",
    ),
    Code(
        "RS304",
        Severity.WARNING,
        "Somebody who comes back loses his mode",
        "Enrolling somebody anew puts him into the default mode of the course, "
        "whatever mode (such as verified) he had before.",
        "Set preserve_mode = true, so that he comes back in the mode that he had.",
    ),
    Code(
        "RS305",
        Severity.NOTE,
        "People who wait for an account",
        "They have no account yet, or one that is not activated: they are allowed to "
        "enroll, and enrolled when they register.",
        "Nothing: they are not sent again, and counted as unchanged.",
    ),
)
