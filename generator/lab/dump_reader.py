"""Read a vmcore with libkdumpfile, from outside: run by the system's Python, where Debian puts that library.

    /usr/bin/python3 dump_reader.py VMCORE

prints one JSON object: `arch`, `release`, and `log`, the kernel's ring buffer as text, or `problem`.
The ring is found by the VMCOREINFO note (Documentation/admin-guide/kdump/vmcoreinfo.rst).
"""

import json
import sys

import kdumpfile


def main(path: str) -> dict[str, str]:
    """Return what the dump says of itself."""
    dump = kdumpfile.kdumpfile(path)
    dump.attr["addrxlat.ostype"] = "linux"
    said = {"arch": str(dump.attr["arch.name"]), "release": str(dump.attr["linux.uts.release"])}
    try:
        said["log"] = _ring(dump).decode("utf-8", "replace")
    except Exception as problem:  # the library raises kinds of its own for each layer
        said["problem"] = f"{type(problem).__name__}: {problem}"[:300]
    return said


def _ring(dump: "kdumpfile.kdumpfile") -> bytes:
    order = "big" if str(dump.attr["arch.byte_order"]) in ("0", "big") else "little"
    width = int(dump.attr["arch.ptr_size"])

    def number(address: int, size: int) -> int:
        return int.from_bytes(dump.read(kdumpfile.KDUMP_KVADDR, address, size), order)

    symbol, offset = dump.attr["linux.vmcoreinfo.SYMBOL"], dump.attr["linux.vmcoreinfo.OFFSET"]
    ring = number(int(symbol["prb"]), width) + int(offset["printk_ringbuffer"]["text_data_ring"])
    bits = number(ring + int(offset["prb_data_ring"]["size_bits"]), 4)
    data = number(ring + int(offset["prb_data_ring"]["data"]), width)
    return dump.read(kdumpfile.KDUMP_KVADDR, data, 1 << bits)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
