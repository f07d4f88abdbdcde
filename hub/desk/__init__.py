"""The verbs and reads of the desk, for support and engineers: one set of functions under API, console and CLI.

Each takes the `DeskContext` and the `Principal` who asks, checks the role, and returns frozen values that serialise.
Refusals are `DeskError`s, with a reason that a person can read.
"""
