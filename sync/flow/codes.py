"""The findings that only the whole of a run can make."""

from __future__ import annotations

from sync.model.finding import Code, Severity

CODES: tuple[Code, ...] = (
    Code(
        "RS401",
        Severity.REFUSED,
        "A required file is missing",
        "The configuration of the target names an entity under require, and the drop "
        "has no file for it. Nothing of the drop is carried out.",
        "Deliver the file, or take the entity out of require.",
    ),
    Code(
        "RS402",
        Severity.WARNING,
        "A file that the last good drop had is missing",
        "Its entity is left alone: nothing of it is created, changed or removed, and "
        "the run ends with 1 so that somebody notices.",
        "Deliver the file again. If it is not delivered any more, the warning goes "
        "with the next good drop.",
    ),
    Code(
        "RS404",
        Severity.WARNING,
        "A file has far fewer rows than in the last good drop",
        "Nothing is removed for it, because the removal policy of its entity is keep "
        "or today lies within removal.additions_only; but the export may be cut.",
        "See whether the export is whole, and deliver it again if not.",
    ),
    Code(
        "RS403",
        Severity.REFUSED,
        "Too many rows are rejected",
        "More rows of one file are rejected than guards.rejected allows. That is more "
        "likely a broken export than so many broken rows, so nothing is carried out.",
        "Mend the most frequent finding first; the others are often its consequences.",
    ),
    Code(
        "RS405",
        Severity.REFUSED,
        "The drop is older than the last good one",
        "Its name carries an earlier date than that of the last good drop of its "
        "source. Carrying it out would take back what has changed since, so nothing "
        "of it is carried out. With --again it is a warning.",
        "Deliver the newest drop. If the older one is meant, run it with --again.",
    ),
    Code(
        "RS406",
        Severity.NOTE,
        "The same drop again",
        "Its files are byte for byte those of the last good drop of its source. It is "
        "carried out as usual: what somebody changed on the target is put right.",
        "Nothing, if nothing has changed. Otherwise see whether the export has run.",
    ),
    Code(
        "RS407",
        Severity.WARNING,
        "A drop that came before",
        "Its files are byte for byte those of a good drop before the last one, so an "
        "old delivery may have been sent again.",
        "See whether an old file was sent; the guards hold what would be too much.",
    ),
    Code(
        "RS408",
        Severity.WARNING,
        "The newest dateLastModified went back",
        "No row of this drop was modified as late as one of the last good drop of its "
        "source, so it may be an older export.",
        "See when the export was made, and deliver the newest one.",
    ),
    Code(
        "RS409",
        Severity.REFUSED,
        "The delivery is not complete yet",
        "The configuration of the target names a sentinel file under complete, which "
        "whoever delivers writes last. It is not there, so nothing was read.",
        "Run again when the upload is over. If no such file is delivered, take "
        "complete out of the configuration.",
    ),
    Code(
        "RS410",
        Severity.NOTE,
        "What the selection leaves out",
        "The configuration of the target has a table select, which leaves these rows "
        "out, with the links and enrollments of the people that it leaves out. What "
        "the target holds of them is neither changed nor ended.",
        "Nothing, if the numbers are about right. Otherwise mend select.",
    ),
    Code(
        "RS411",
        Severity.REFUSED,
        "A column that the last good drop had is missing",
        "The mapping asks this column which rows to take, or takes a value from it "
        "where it can. Without it people could look as if they had left, or get values "
        "that nobody said, so nothing of the drop is carried out. With --again it is a "
        "warning.",
        "Deliver the file with the column. If it is not exported any more, run once "
        "with --again.",
    ),
    Code(
        "RS412",
        Severity.REFUSED,
        "A file ends within a line",
        "Every file of the last good drop of this source ended with a line end, and "
        "this one does not, so it was cut off on its way: the last cell of its last "
        "row may be half of what it was. With --again it is a warning.",
        "Deliver the file whole. If it is written in another way from now on, run once "
        "with --again.",
    ),
    Code(
        "RS413",
        Severity.WARNING,
        "A file lost the rows with which it ended",
        "The last two rows of the last good drop's file are both missing, and no other "
        "file says that they have left: the people whom they name are still "
        "delivered, or enrollments and links still name them. A file that was cut off "
        "behind a row looks like this, so nothing of the entity is ended for its "
        "absence in this run, and the run ends with 1.",
        "Deliver the file whole if it was cut off. If the rows have left, the next "
        "good drop ends them.",
    ),
)
