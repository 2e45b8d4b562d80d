"""The rubric: criteria as data, checks that read an untrusted repository, grades and reports."""
