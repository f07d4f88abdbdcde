"""Holds connectors and simulators against what their vendors publish, where somebody has that at hand.

    python -m tests.vendor_specs DIR          (or ORDERHUB_VENDOR_SPECS=DIR)

DIR has a folder for each vendor (`vendors.py` says which files in it are read); none of it is part of the project. The
connectors' tests run, everything that passes between a connector and its simulator is listened to, and a test fails
whose exchanges are not as the vendor says. The same happens in any run of pytest with `--vendor-specs DIR`.
"""
