"""What reading a drop can find: packaging, bytes, header and rows (RS001 to RS049)."""

from __future__ import annotations

from sync.model.finding import Code, Severity

NOTHING_TO_READ = Code(
    "RS001",
    Severity.REFUSED,
    "No file to read in the drop",
    "None of the files in the drop has a name that the mapping knows, so there is "
    "nothing that could be compared or sent.",
    "Put the files into the folder or zip itself or into one folder within it, and "
    "name them as the mapping says: students.csv, users.csv and so on.",
)
UNKNOWN_FILE = Code(
    "RS002",
    Severity.NOTE,
    "A file that nothing reads",
    "The mapping has no table for a file of this name, so it was left alone.",
    "Nothing, if it is meant to be there. Otherwise correct its name.",
)
SET_ASIDE = Code(
    "RS013",
    Severity.NOTE,
    "A file that is set aside",
    "The layout has this file, for instance with results or resources, but nothing in "
    "it is synced, so it was not read.",
    "Nothing.",
)
SAME_NAME = Code(
    "RS003",
    Severity.REFUSED,
    "Two files of one name",
    "The drop holds the same file twice (upper and lower case and folders make no "
    "difference). Which of them is the right one cannot be known.",
    "Leave only the newer one in the drop and deliver it again.",
)
SEVERAL_FOLDERS = Code(
    "RS004",
    Severity.REFUSED,
    "Files in several folders",
    "The files of one drop lie side by side, or together in one folder. Here they are "
    "spread over several folders, which may be several deliveries in one.",
    "Deliver each folder as a drop of its own, or put the files into one folder.",
)
UNREADABLE_FILE = Code(
    "RS005",
    Severity.REFUSED,
    "A file that cannot be opened",
    "Something of this name is there, but it cannot be read: the system does not let "
    "this program open it, it is a link to nothing, or it is a folder or a device.",
    "Check the permissions of the file, and put the file itself into the drop.",
)
BAD_ZIP = Code(
    "RS006",
    Severity.REFUSED,
    "A damaged zip",
    "The zip cannot be read to its end: it was cut off, changed on its way, or is no "
    "zip at all.",
    "Deliver it again, and wait until the copy is complete.",
)
ENCRYPTED_ZIP = Code(
    "RS007",
    Severity.REFUSED,
    "An encrypted zip",
    "The zip asks for a password, which a nightly job cannot give.",
    "Make the zip without a password and protect the transfer instead.",
)
ZIP_TOO_BIG = Code(
    "RS008",
    Severity.REFUSED,
    "A zip beyond the limits",
    "The zip holds more than 200 files, more than 10 GiB together, or a file that "
    "grows more than two hundredfold when unpacked, as no roster does.",
    "Deliver only the roster files, and look where the zip came from.",
)
NESTED_ZIP = Code(
    "RS009",
    Severity.REFUSED,
    "A zip inside a zip",
    "Zips within zips are not opened.",
    "Put the CSV files into the outer zip directly.",
)
OVERLAPPING_ZIP = Code(
    "RS010",
    Severity.REFUSED,
    "A zip whose files overlap",
    "Several files of the zip share the same bytes. No export makes such a zip; it is "
    "a known way to attack programs that unpack.",
    "Make the zip anew, and look where this one came from.",
)
UNSAFE_PATH = Code(
    "RS011",
    Severity.REFUSED,
    "A path that leaves the zip",
    "A file of the zip has a name that points outside of it, or is a link.",
    "Make the zip anew from the folder of the files.",
)
STILL_CHANGING = Code(
    "RS012",
    Severity.REFUSED,
    "A drop that changed while it was read",
    "The size or the time of a file changed between the first and the last look at it, "
    "or files came and went: the delivery was still under way, and what was read of it "
    "may be half of it.",
    "Start again when the copy is complete. Let the sender write under another name "
    "and rename at the end, or send a file last that says so (complete).",
)
NOT_TEXT = Code(
    "RS020",
    Severity.REFUSED,
    "Characters that cannot be read",
    "The bytes of the file fit no encoding that this program reads (UTF-8, UTF-16, "
    "Windows-1252), or several are mixed in it. Guessing would spoil names.",
    "Export the file as UTF-8.",
)
GUESSED_1252 = Code(
    "RS021",
    Severity.NOTE,
    "Read as Windows-1252",
    "The file says nothing about its encoding and is not UTF-8; it was read as "
    "Windows-1252, in which older exports are written.",
    "Look whether the names with accents are right, and export as UTF-8 if you can.",
)
GUESSED_UTF16 = Code(
    "RS022",
    Severity.NOTE,
    "Read as UTF-16",
    "The file has no mark at its beginning, but looks like UTF-16 and was read so.",
    "Nothing, if the names are right. Better export as UTF-8.",
)
NUL = Code(
    "RS023",
    Severity.REFUSED,
    "A NUL byte in the file",
    "A text file holds no NUL. Either the copy was interrupted (the rest was filled "
    "with NULs) or this is no CSV file, but for example an Excel workbook.",
    "Deliver the file again; save a workbook as CSV UTF-8.",
)
GUESSED_DELIMITER = Code(
    "RS024",
    Severity.NOTE,
    "The delimiter was guessed",
    "The cells are not separated by commas; the separator was guessed from the header.",
    "Nothing, if the columns are right.",
)
NO_HEADER = Code(
    "RS030",
    Severity.REFUSED,
    "An empty file",
    "The file has no line at all, not even the header, so all its columns are missing.",
    "Look why the export was empty and deliver it again.",
)
NO_ROWS = Code(
    "RS031",
    Severity.WARNING,
    "A file without rows",
    "The file has a header and nothing below it. In a full (bulk) delivery this says "
    "that every record is gone.",
    "Look whether the export should have been empty.",
)
SAME_HEADER = Code(
    "RS032",
    Severity.REFUSED,
    "Two columns of one name",
    "Two columns of the header have the same name (upper and lower case and spaces "
    "make no difference). Which of them is meant cannot be known.",
    "Remove or rename one of them in the export.",
)
NAMELESS_COLUMN = Code(
    "RS033",
    Severity.NOTE,
    "A column without a usable name",
    "A cell of the header is empty, or has a name that this program uses itself. The "
    "column was left alone.",
    "Name the column in the export, if it is needed.",
)
PASSWORD_COLUMN = Code(
    "RS034",
    Severity.NOTE,
    "Passwords were dropped",
    "The file has a column of passwords. They are neither kept nor sent.",
    "Take the column out of the export: nothing here needs it.",
)
WRONG_WIDTH = Code(
    "RS035",
    Severity.REJECTED,
    "A row of the wrong width",
    "The row has more or fewer cells than the header, so that it is not known which "
    "cell belongs to which column. Often a comma stands in a cell without quotes.",
    "Put quotes around the cell with the comma, or fill in the missing cells.",
)
TRUNCATED = Code(
    "RS036",
    Severity.REFUSED,
    "The file is cut off",
    "The last row has too few cells and no line end: the file was not written or "
    "copied to its end, and rows are missing.",
    "Deliver the file again, and wait until the copy is complete.",
)
UNCLOSED_QUOTE = Code(
    "RS037",
    Severity.REFUSED,
    "A quote that is not closed",
    "A cell begins with a quote that has no counterpart where the cell ends. The rows "
    "behind it cannot be told apart from its text.",
    "Close the quote at the line named, or double it if it belongs to the text.",
)
AFTER_QUOTE = Code(
    "RS038",
    Severity.REJECTED,
    "Text behind a closing quote",
    "A cell in quotes goes on behind its closing quote, so that its text is not known.",
    "Double the quotes that belong to the text of the cell.",
)
CELL_TOO_LONG = Code(
    "RS039",
    Severity.REFUSED,
    "A cell of more than 131,072 characters",
    "No roster has such a cell; mostly a quote was not closed and the rows behind it "
    "became part of the cell.",
    "Look for a single quote at the line named.",
)
TOO_WIDE = Code(
    "RS040",
    Severity.REFUSED,
    "A header of more than 16,384 columns",
    "No spreadsheet has so many columns, and no roster needs them; mostly the line "
    "ends of the file were lost.",
    "Look at the first line of the file, and export it again.",
)

CODES: tuple[Code, ...] = (
    NOTHING_TO_READ,
    UNKNOWN_FILE,
    SAME_NAME,
    SEVERAL_FOLDERS,
    UNREADABLE_FILE,
    BAD_ZIP,
    ENCRYPTED_ZIP,
    ZIP_TOO_BIG,
    NESTED_ZIP,
    OVERLAPPING_ZIP,
    UNSAFE_PATH,
    STILL_CHANGING,
    SET_ASIDE,
    NOT_TEXT,
    GUESSED_1252,
    GUESSED_UTF16,
    NUL,
    GUESSED_DELIMITER,
    NO_HEADER,
    NO_ROWS,
    SAME_HEADER,
    NAMELESS_COLUMN,
    PASSWORD_COLUMN,
    WRONG_WIDTH,
    TRUNCATED,
    UNCLOSED_QUOTE,
    AFTER_QUOTE,
    CELL_TOO_LONG,
    TOO_WIDE,
)
"""All codes of this package, in order."""
