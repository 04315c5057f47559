"""Mistakes that users make, written down before anyone looked at the messages they get.

Each table is one part of the package. `python -m tests.mistakes` shows what the user sees. The
facts that a message must contain come from the design and from what a user would want.

A requirement changes only where it was unfair or could not fail. After the first run these were:
a fact said in other words was accepted (values-14, programs-15 and -16, derivatives-11 and -14,
nn-28 and -34, command-line-23 and -24); a label "a" also matched the article (programs-30);
capitals had to count (train-11, habits-06 and -11); two snippets did not make their mistake
(optim-21, train-25); one asked for an option that has gone since (pictures-11); and six mistakes
were added at the ends of their tables.
"""
