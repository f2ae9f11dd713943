"""Runs commands for `lab/lab node`. Lab nodes only.

Listens on the node's second network card, in a separate network namespace: faults of the
cluster's network don't cut it off, pods can't reach it, and the node itself shows only eth0. The
commands run in the node's own namespace.

The peer sends one line of JSON, {"argv": [...]}, then the command's standard input. It receives
frames: a letter (o: standard output, e: standard error, x: exit code, the last frame), the length
as 4 bytes (big-endian), the data. The command is killed if the peer hangs up.
"""
import ctypes
import json
import os
import selectors
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Command(socketserver.BaseRequestHandler):
    def handle(self):
        request = self.request.makefile("rb", buffering=0)
        argv = json.loads(request.readline())["argv"]
        try:
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       start_new_session=True, cwd="/")
        except OSError as error:
            self.frame(b"e", f"{argv[0]}: {error.strerror}\n".encode())
            self.frame(b"x", b"127")
            return
        threading.Thread(target=self.feed, args=(process,), daemon=True).start()
        self.pass_on(process)
        code = process.wait()
        self.frame(b"x", str(code if code >= 0 else 128 - code).encode())

    def feed(self, process):
        """Copies the peer's input to the command, up to its end. A broken connection kills it."""
        try:
            while data := self.request.recv(65536):
                process.stdin.write(data)
                process.stdin.flush()
        except BrokenPipeError:
            pass
        except OSError:
            os.killpg(process.pid, signal.SIGKILL)
        try:
            process.stdin.close()
        except OSError:
            pass

    def pass_on(self, process):
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ, b"o")
            selector.register(process.stderr, selectors.EVENT_READ, b"e")
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, 65536)
                    if not data:
                        selector.unregister(key.fileobj)
                        continue
                    try:
                        self.frame(key.data, data)
                    except OSError:
                        os.killpg(process.pid, signal.SIGKILL)
                        return

    def frame(self, kind, data):
        self.request.sendall(kind + struct.pack(">I", len(data)) + data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def main(address):
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    if not os.path.exists("/run/netns/commands"):
        subprocess.run(["ip", "netns", "add", "commands"], check=True)
        subprocess.run(["ip", "link", "set", "vec1", "netns", "commands"], check=True)
    subprocess.run(["ip", "-n", "commands", "addr", "replace", address + "/24", "dev", "vec1"], check=True)
    subprocess.run(["ip", "-n", "commands", "link", "set", "vec1", "up"], check=True)
    enter(os.open("/run/netns/commands", os.O_RDONLY))
    server = Server((address, 2222), Command)
    enter(own)
    server.serve_forever()


main(sys.argv[1])
