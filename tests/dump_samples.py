"""Vmcores in the three formats, made byte by byte from their headers' definitions."""

import struct

PAGE = 4096
RELEASE = "6.1.0-50-amd64"


def _uts(release: str, machine: str, node: str = "secret-host") -> bytes:
    fields = ("Linux", node, release, "#1 SMP", machine, "(none)")
    return b"".join(field.encode().ljust(65, b"\0") for field in fields)


def kdump(
    pages: int = 40,
    *,
    machine: str = "x86_64",
    release: str = RELEASE,
    status: int = 1,
    order: str = "<",
    bits: int = 64,
) -> bytes:
    """Return a compressed dump as makedumpfile lays it out: header, sub header, two bitmaps, descriptors, pages."""
    wide = bits == 64
    head = b"KDUMP   " + struct.pack(order + "i", 6) + _uts(release, machine)
    head = head.ljust(408 if wide else 404, b"\0") + bytes(16 if wide else 8)
    head += struct.pack(order + "iiIIIII", status, PAGE, 1, 2, pages, 0, 1)
    bitmap = bytearray(PAGE)
    for page in range(pages):
        bitmap[page // 8] |= 1 << (page % 8)
    table, data = b"", b""
    start = 4 * PAGE + 24 * pages
    for page in range(pages):
        body = bytes([page % 256]) * (100 + page)
        table += struct.pack(order + "qIIQ", start + len(data), len(body), 1, 0)
        data += body
    return head.ljust(2 * PAGE, b"\0") + bytes(bitmap) * 2 + table + data


def flattened(core: bytes) -> bytes:
    """Return `core` as `makedumpfile -F` streams it: records of offset and size, and a last one of -1 and -1."""
    out = (b"makedumpfile".ljust(16, b"\0") + struct.pack(">qq", 1, 1)).ljust(PAGE, b"\0")
    for at in range(0, len(core), 3000):
        piece = core[at : at + 3000]
        out += struct.pack(">qq", at, len(piece)) + piece
    return out + struct.pack(">qq", -1, -1)


def elf(size: int = 20000, *, bits: int = 64, order: str = "<", flags: int = 0) -> bytes:
    """Return an ELF core with a note and a segment that ends with the file, as /proc/vmcore is one."""
    wide = bits == 64
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    if wide:
        head = struct.pack(order + "HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, flags, 64, 56, 2, 0, 0, 0)
        table = struct.pack(order + "IIQQQQQQ", 4, 0, 176, 0, 0, 100, 100, 4)
        table += struct.pack(order + "IIQQQQQQ", 1, 7, 276, 0, 0, size - 276, size - 276, 4096)
    else:
        head = struct.pack(order + "HHIIIIIHHHHHH", 4, 3, 1, 0, 52, 0, flags, 52, 32, 2, 0, 0, 0)
        table = struct.pack(order + "IIIIIIII", 4, 116, 0, 0, 100, 100, 0, 4)
        table += struct.pack(order + "IIIIIIII", 1, 216, 0, 0, size - 216, size - 216, 7, 4096)
    start = ident + head + table
    return start + bytes(index * 7 % 251 for index in range(size - len(start)))
