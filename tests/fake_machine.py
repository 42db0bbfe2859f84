"""Machines as kdump-capture sees them: a folder with /proc, /sys, /boot and /etc of one, for its --root."""

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from generator.capture.assemble import assemble_tool

SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"], "bash": ["bash"], "mksh": ["mksh"], "yash": ["yash"]}
KVER = "6.1.0-50-amd64"
UUID = "0b1f2a3c-1111-2222-3333-444455556666"
EFI = "sys/firmware/efi/efivars/{}-8be4df61-93ca-11d2-aa0d-00e098032b8c"
CONFIGS = (
    "KEXEC KEXEC_FILE CRASH_DUMP PROC_VMCORE RELOCATABLE BLK_DEV_INITRD KALLSYMS_ALL MAGIC_SYSRQ EXT4_FS XFS_FS "
    "BTRFS_FS NFS_FS RD_GZIP"
)
NONCE = "0123456789abcdef"
IOMEM = """00001000-0009ffff : System RAM
00100000-bffdffff : System RAM
  01000000-01ffffff : Kernel code
  02000000-027fffff : Kernel rodata
  02800000-02bfffff : Kernel data
  02e00000-02ffffff : Kernel bss
  b3000000-beffffff : Crash kernel
"""


def here() -> list[str]:
    """Return the shells of SHELLS that this machine has."""
    return [name for name, words in SHELLS.items() if shutil.which(words[0])]


def pe_kernel(*, signed: bool) -> bytes:
    """Return the beginning of a kernel in UEFI's form; its data directory says whether a signature follows."""
    head = bytearray(512)
    head[0:2] = b"MZ"
    struct.pack_into("<I", head, 60, 128)
    head[128:132] = b"PE\0\0"
    struct.pack_into("<H", head, 128 + 24, 0x20B)
    struct.pack_into("<II", head, 128 + 24 + 112 + 32, 0x1000 if signed else 0, 1234 if signed else 0)
    return bytes(head)


class FakeMachine:
    """A healthy Debian 12 on amd64, armed by this tool; each test spoils what it is about."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.tool = folder / "kdump-capture"
        self.tool.write_text(assemble_tool(), encoding="utf-8")
        self.functions = folder / "functions"
        self.functions.write_text(assemble_tool().removesuffix('main "$@"\n'), encoding="utf-8")
        self.stubs = folder / "stubs"
        self.stubs.mkdir()
        self.arch("x86_64")
        sysctls = {"osrelease": KVER, "hostname": "box", "kexec_load_disabled": 0, "kexec_load_limit_panic": -1}
        for name, value in {**sysctls, "panic_on_oops": 1, "panic": 10, "softlockup_panic": 0}.items():
            self.put(f"proc/sys/kernel/{name}", f"{value}\n")
        self.put("proc/sys/kernel/random/boot_id", "11111111-aaaa-bbbb-cccc-000000000001\n")
        self.put("proc/cmdline", f"BOOT_IMAGE=/boot/vmlinuz root=UUID={UUID} ro crashkernel=192M quiet\n")
        self.put("proc/meminfo", "MemTotal:        8000000 kB\nMemFree:         1000000 kB\n")
        self.put("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu\n\nprocessor\t: 1\nflags\t\t: fpu\n")
        self.put("proc/iomem", IOMEM)
        self.put("proc/mounts", "/dev/vda1 / ext4 rw,relatime 0 0\n")
        self.put("sys/kernel/kexec_crash_size", f"{192 << 20}\n")
        self.put("sys/kernel/kexec_crash_loaded", "1\n")
        self.put("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")
        self.put("etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.put("dev/vda1", "")
        (self.root / "dev/disk/by-uuid").mkdir(parents=True)
        (self.root / "dev/disk/by-uuid" / UUID).symlink_to("../../vda1")
        self.kernel(KVER, CONFIGS, pe_kernel(signed=False))
        for program in ("kexec", "makedumpfile", "busybox"):
            self.put(f"usr/bin/{program}", "#!/bin/sh\nexit 97\n").chmod(0o755)
        self.config(f"target = ext4 UUID={UUID} /var/crash\n")
        self.arm()

    def put(self, path: str, text: str | bytes) -> Path:
        """Write a file of the machine."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def drop(self, path: str) -> None:
        """Take a file away."""
        (self.root / path).unlink()

    def arch(self, name: str) -> None:
        """Let the machine be of another architecture."""
        self.put("proc/sys/kernel/arch", f"{name}\n")

    def kernel(self, kver: str, configs: str, image: bytes) -> None:
        """Let this kernel run, with these options set to y."""
        self.put("proc/sys/kernel/osrelease", f"{kver}\n")
        self.put(f"boot/config-{kver}", "".join(f"CONFIG_{name}=y\n" for name in configs.split()))
        self.put(f"boot/vmlinuz-{kver}", image)
        os.utime(self.root / f"boot/vmlinuz-{kver}", (1, 1))
        self.kver = kver

    def config(self, text: str) -> None:
        """Write the tool's configuration."""
        self.put("etc/kdump-capture.conf", text)

    def arm(self) -> None:
        """Let an image of the present configuration be there and loaded."""
        state = f"var/lib/kdump-capture/capture-{self.kver}"
        self.put(f"{state}.img", b"an image")
        digest = self.shell("read_config $root$CONFIG; write_config | sha256sum").split()[0]
        about = {"version": self.shell("echo $VERSION").strip(), "kver": self.kver, "builder": "generic"}
        about |= {"config_sha256": digest, "image_sha256": "aa" * 32}
        self.put(f"{state}.manifest", "".join(f"{key} = {value}\n" for key, value in about.items()))
        self.put("run/kdump-capture/loaded", f"nonce = {NONCE}\nload = kexec_load\nimage_sha256 = {'aa' * 32}\n")

    def shell(self, script: str, shell: str = "dash") -> str:
        """Run a piece of shell among the tool's functions, and return what it says."""
        words = [*SHELLS[shell], "-c", f". {self.functions}\nroot={self.root}\n{script}"]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout

    def stub(self, name: str, script: str) -> None:
        """Put a program before all others on PATH."""
        file = self.stubs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def words(self, *arguments: str, shell: str = "dash") -> list[str]:
        """Return the command line that asks about this machine."""
        command, *rest = arguments
        return [*SHELLS[shell], str(self.tool), command, f"--root={self.root}", *rest]

    def run(self, *arguments: str, shell: str = "dash", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the tool."""
        env = {"PATH": f"{self.stubs}:{os.environ['PATH']}", **environment}
        words = self.words(*arguments, shell=shell)
        return subprocess.run(words, capture_output=True, text=True, env=env, timeout=120, check=False)

    def json(self, *arguments: str, shell: str = "dash") -> dict:
        """Run the tool with --json: its document, whose `exit` is the real one."""
        done = self.run(*arguments, "--json", shell=shell)
        document = json.loads(done.stdout)
        assert document["exit"] == done.returncode, done.stderr
        return document

    def item(self, name: str) -> dict:
        """Return one finding of check."""
        return {item["id"]: item for item in self.json("check")["items"]}[name]

    def files(self) -> dict[str, bytes]:
        """Return every file of the machine, to see that nothing changed."""
        return {str(file): file.read_bytes() for file in sorted(self.root.rglob("*")) if file.is_file()}


def inspect_report(file: Path) -> subprocess.CompletedProcess[str]:
    """Have the portal read a report."""
    code = "import sys; from generator.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "report", "inspect", str(file)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
