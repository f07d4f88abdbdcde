"""A simulated partner's place: its SFTP server or folder, its trays, and the floor of a warehouse. For simulators."""
