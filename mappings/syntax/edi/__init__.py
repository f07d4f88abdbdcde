"""EDI as X12 and EDIFACT write it: a streaming reader, checks with positions, a writer, acknowledgements."""
