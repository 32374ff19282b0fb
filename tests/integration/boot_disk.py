# SPDX-License-Identifier: GPL-2.0-or-later
"""What a PC boots from: GRUB in front of a Debian kernel and a shell, each on a disk of its own."""
import io
import os
import pathlib
import shutil
import stat
import subprocess
import tarfile

from harness import ROOT

GRUB = pathlib.Path("/usr/lib/grub/i386-pc")
MODULES = ["biosdisk", "memdisk", "tar", "linux", "normal", "serial", "terminal"]
SECTOR = 512
READY = "planecast-console-ready"
INIT = f"""#!/bin/busybox sh
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox stty -echo < /dev/ttyS0
echo {READY} > /dev/ttyS0
exec /bin/busybox setsid /bin/busybox sh -c 'exec /bin/busybox sh < /dev/tty1 > /dev/tty1 2>&1'
"""


def find_kernel():
    """What the lab has downloaded: (kernel, static busybox), or None."""
    lab = pathlib.Path(os.environ.get("PLANECAST_LAB_DIR", ROOT / "build/lab"))
    for kernel in sorted(lab.glob("[0-9]*/vmlinuz")):
        busybox = kernel.parent / "busybox"
        if busybox.exists():
            return kernel, busybox
    return None


def is_there():
    if not GRUB.exists() or not shutil.which("grub-mkimage"):
        return False
    if not find_kernel():
        subprocess.run([ROOT / "tests/lab/lab", "build", "6.1"], stdout=subprocess.DEVNULL, check=False)
    return bool(find_kernel())


def whole_sectors(data):
    return data + bytes(-len(data) % SECTOR)


def archive(files):
    """An initramfs of (path, mode, content), as cpio's "newc" has it."""
    data = bytearray()
    for number, (path, mode, content) in enumerate([*files, ("TRAILER!!!", 0, b"")], 1):
        name = path.encode() + b"\0"
        header = "070701" + "".join(f"{value:08x}" for value in (
            number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0))
        data += header.encode() + name
        data += bytes(-len(data) % 4) + content
        data += bytes(-len(data) % 4)
    return bytes(data)


def build(directory):
    """Returns the paths of three raw disks: the one to boot from, the kernel's, the initramfs's."""
    directory = pathlib.Path(directory)
    kernel, busybox = find_kernel()
    kernel_data = whole_sectors(kernel.read_bytes())
    folder, program = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o755
    initramfs = archive([("bin", folder, b""), ("dev", folder, b""), ("bin/busybox", program, busybox.read_bytes()),
                         ("init", program, INIT.encode())])
    disks = [directory / name for name in ("grub.disk", "kernel.disk", "initramfs.disk")]
    # Sectors by number stand for files: no file system is needed.
    config = f"""set timeout=-1
menuentry "planecast's guest" {{
	linux (hd1)0+{len(kernel_data) // SECTOR} console=ttyS0 console=tty0 quiet panic=-1
	initrd (hd2)0+{len(whole_sectors(initramfs)) // SECTOR}
}}
""".encode()
    with tarfile.open(directory / "memdisk", "w") as memdisk:
        entry = tarfile.TarInfo("grub.cfg")
        entry.size = len(config)
        memdisk.addfile(entry, io.BytesIO(config))
    begin = directory / "begin.cfg"
    begin.write_text("serial --unit=0\nterminal_output --append serial\nnormal (memdisk)/grub.cfg\n")
    core = directory / "core.img"
    subprocess.run(["grub-mkimage", "-O", "i386-pc", "-d", GRUB, "-p", "(memdisk)/", "-m", directory / "memdisk", "-c", begin, "-o", core, *MODULES],
                   check=True)
    disks[0].write_bytes(whole_sectors((GRUB / "boot.img").read_bytes() + core.read_bytes()) + bytes(1 << 20))
    disks[1].write_bytes(kernel_data)
    disks[2].write_bytes(whole_sectors(initramfs))
    return disks
