#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sandbox.py UNIT COMMAND...: runs the command as systemd would let the unit's, as far as any user can do that.

That is: the system calls of SystemCallFilter=, MemoryDenyWriteExecute=, RestrictAddressFamilies=,
NoNewPrivileges= and UMask=. Needs systemd-analyze, which knows systemd's sets, and libseccomp.
"""
import ctypes
import errno
import os
import socket
import subprocess
import sys

ALLOW, ERRNO = 0x7fff0000, 0x00050000
EQUAL, MASKED = 4, 7
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
PR_SET_NO_NEW_PRIVS = 38


class Argument(ctypes.Structure):
    _fields_ = [("number", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def read_unit(path):
    """{key: its values, in order}"""
    keys = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                keys.setdefault(key, []).append(value)
    return keys


def system_calls(name):
    """Those of one of systemd's sets, and of the sets in it."""
    if not name.startswith("@"):
        return {name}
    lines = subprocess.check_output(["systemd-analyze", "syscall-filter", name], text=True,
                                    stderr=subprocess.DEVNULL).splitlines()[1:]
    words = [line.strip() for line in lines]
    return set().union(*(system_calls(word) for word in words if word and not word.startswith("#")))


def allowed_calls(values):
    allowed = system_calls("@default")
    for value in values:
        names = set().union(*map(system_calls, value.lstrip("~").split()))
        allowed = allowed - names if value.startswith("~") else allowed | names
    return allowed


class Filter:
    def __init__(self, action):
        self.lib = ctypes.CDLL("libseccomp.so.2")
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.lib.seccomp_init(ctypes.c_uint32(action)))

    def add(self, action, call, *arguments):
        number = self.lib.seccomp_syscall_resolve_name(call.encode())
        if number < 0:  # of another machine
            return
        array = (Argument * len(arguments))(*arguments)
        done = self.lib.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number, len(arguments), array)
        if done < 0:
            raise OSError(-done, f"{call}: {os.strerror(-done)}")

    def load(self):
        done = self.lib.seccomp_load(self.context)
        if done < 0:
            raise OSError(-done, os.strerror(-done))


def deny_write_execute(refuse):
    both = PROT_WRITE | PROT_EXEC
    rules = Filter(ALLOW)
    rules.add(refuse, "mmap", Argument(2, MASKED, both, both))
    rules.add(refuse, "mprotect", Argument(2, MASKED, PROT_EXEC, PROT_EXEC))
    rules.add(refuse, "pkey_mprotect", Argument(2, MASKED, PROT_EXEC, PROT_EXEC))
    rules.add(refuse, "shmat", Argument(2, MASKED, SHM_EXEC, SHM_EXEC))
    rules.load()


def restrict_families(names, refuse):
    families = [int(getattr(socket, name)) for name in names]
    rules = Filter(ALLOW)
    for family in range(64):
        if family not in families:
            rules.add(refuse, "socket", Argument(0, EQUAL, family, 0))
    rules.load()


def enter(unit):
    keys = read_unit(unit)
    allowed = allowed_calls(keys["SystemCallFilter"])
    refuse = ERRNO | getattr(errno, keys["SystemCallErrorNumber"][-1])
    os.umask(int(keys["UMask"][-1], 8))
    if keys["NoNewPrivileges"][-1] == "yes":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if keys["MemoryDenyWriteExecute"][-1] == "yes":
        deny_write_execute(ERRNO | errno.EPERM)
    restrict_families(keys["RestrictAddressFamilies"][-1].split(), ERRNO | errno.EAFNOSUPPORT)
    rules = Filter(refuse)
    for call in sorted(allowed):
        rules.add(ALLOW, call)
    rules.load()


if __name__ == "__main__":
    enter(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
