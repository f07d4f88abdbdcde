"""Tests of the mailer connector and of its mail server."""
