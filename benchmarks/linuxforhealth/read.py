"""Reads an X12 file by linuxforhealth-x12, and prints how many segments it has and the processor time that it took.

A program of its own, in an environment of its own: the library does not import beside pydantic 2.

    build/linuxforhealth/bin/python benchmarks/linuxforhealth/read.py FILE
"""

import sys
import time

from linuxforhealth.x12.io import X12SegmentReader


def main() -> None:
    """Read once."""
    began = time.process_time()
    with X12SegmentReader(sys.argv[1]) as reader:
        segments = sum(1 for _ in reader.segments())
    print(segments, time.process_time() - began)


if __name__ == "__main__":
    main()
