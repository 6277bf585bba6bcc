"""A network in which every address is this machine, and names mean what a test says.

The calling thread, and all that it starts meanwhile, gets network and mount namespaces of its own.
In there loopback holds whole /8 blocks, so that a listener on the wildcard address sees a dial to
any address in them, public or private; `/etc/hosts` and `/etc/resolv.conf` are the test's, and a
small name server answers. Nothing leaves the machine and nothing outside changes. Needs root.
"""

import ctypes
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import tempfile
import threading

NEW_MOUNTS, NEW_NETWORK = 0x00020000, 0x40000000     # sched.h
BIND, RECURSIVE, PRIVATE, DETACH = 0x1000, 0x4000, 1 << 18, 2   # sys/mount.h
SET_FLAGS, SET_ADDRESS, SET_NETMASK = 0x8914, 0x8916, 0x891C  # linux/sockios.h
UP_AND_RUNNING = 0x41

HOSTS = "127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n"
RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"

libc = ctypes.CDLL(None, use_errno=True)


def succeed(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


class PrivateNetwork:
    """`blocks` are first octets whose /8 belongs to loopback; `hosts` goes into /etc/hosts.

    `names` maps a name to the answers that its A queries get in turn, each a list of addresses;
    the last answer repeats. Any other name does not exist.
    """

    has_private_mounts = False

    def __init__(self, blocks, hosts="", names=None):
        self.blocks, self.hosts, self.names = blocks, hosts, names or {}

    def __enter__(self):
        self.outer = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.replaced = []
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="penstock-network-"))
        try:
            succeed(libc.unshare(NEW_NETWORK))
            self.keep_mounts_private()
            self.raise_loopback()
            self.replace("/etc/hosts", HOSTS + self.hosts)
            self.replace("/etc/resolv.conf", RESOLV_CONF)
            self.name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.name_server.bind(("127.0.0.1", 53))
        except BaseException:
            self.leave()
            raise
        threading.Thread(target=self.answer_names, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.name_server.sendto(b"", ("127.0.0.1", 53))  # ends its thread
        self.leave()

    def leave(self):
        for path in self.replaced:
            libc.umount2(path, DETACH)
        libc.setns(self.outer, NEW_NETWORK)
        os.close(self.outer)
        shutil.rmtree(self.directory, ignore_errors=True)

    @classmethod
    def keep_mounts_private(cls):
        """Once, and for good: who comes back to a mount namespace stands at that one's root, which
        need not be where this process has its own."""
        if not cls.has_private_mounts:
            succeed(libc.unshare(NEW_MOUNTS))
            succeed(libc.mount(b"none", b"/", None, RECURSIVE | PRIVATE, None))
            PrivateNetwork.has_private_mounts = True

    def raise_loopback(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, SET_FLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
            for number, octet in enumerate(self.blocks):
                for call, address in ((SET_ADDRESS, f"{octet}.0.0.1"),
                                      (SET_NETMASK, "255.0.0.0")):
                    fcntl.ioctl(control, call, struct.pack(
                        "16sHH4s8x", b"lo:%d" % number, socket.AF_INET, 0,
                        socket.inet_aton(address)))

    def replace(self, path, text):
        source = self.directory / path.rsplit("/", 1)[1]
        source.write_text(text)
        target = os.fsencode(os.path.realpath(path))
        succeed(libc.mount(os.fsencode(source), target, None, BIND, None))
        self.replaced.append(target)

    # The name server, RFC 1035 §4.1

    def answer_names(self):
        with self.name_server:
            while True:
                query, client = self.name_server.recvfrom(512)
                if not query:
                    return
                self.name_server.sendto(self.answer(query), client)

    def answer(self, query):
        labels, position = [], 12
        while query[position]:
            labels.append(query[position + 1:position + 1 + query[position]].decode().lower())
            position += 1 + query[position]
        is_a = query[position + 1:position + 3] == b"\0\1"
        name, question = ".".join(labels), query[12:position + 5]
        addresses = []
        if is_a and (answers := self.names.get(name)):
            addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        code = 0 if name in self.names else 3
        records = b"".join(struct.pack(">HHHIH4s", 0xC00C, 1, 1, 0, 4, socket.inet_aton(each))
                           for each in addresses)
        return (query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
                + question + records)
