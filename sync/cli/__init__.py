"""The command line: parse, call one function, print, end with the right code."""
