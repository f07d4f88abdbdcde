"""Where a simulated partner exchanges files: its SFTP server or its folder, what lies in its trays. For simulators."""
