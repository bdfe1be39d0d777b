"""The trial office: an invented prefecture, month after month, whose files the program sees and whose books it does not.

``truth`` keeps the books and ``letters`` writes what departments send; both import nothing of the program (a test holds
that).  ``office`` gives the files to the real commands, and ``compare`` holds the register against the books.
"""
