"""How documents travel, whatever their format and mapping: a watched folder, SFTP.

`port` says what a transport is; `opening` makes one of its settings; `feed` turns arriving files into raw documents;
`outbox` puts leaving ones in place, once.
"""
