#!/usr/bin/env python3
"""node_command.py ADDRESS ARGV...: runs a command on a node (see node/commands.py). Passes on its
output, errors and exit code.

Exit code 255: the node could not be reached, or the connection broke.
"""
import json
import os
import socket
import struct
import sys
import threading


def send_input(connection):
    try:
        while data := os.read(0, 65536):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def frames(stream):
    """Each frame's kind and data, until the node hangs up."""
    while len(head := stream.read(5)) == 5:
        kind, length = struct.unpack(">cI", head)
        if len(data := stream.read(length)) < length:
            return
        yield kind, data


def main(address, argv):
    try:
        connection = socket.create_connection((address, 2222), timeout=5)
    except OSError as error:
        print(f"node_command: {address} does not answer ({error}). Is the node up? See: lab/lab status", file=sys.stderr)
        return 255
    connection.settimeout(None)
    connection.sendall(json.dumps({"argv": argv}).encode() + b"\n")
    threading.Thread(target=send_input, args=(connection,), daemon=True).start()
    for kind, data in frames(connection.makefile("rb")):
        if kind == b"x":
            return int(data)
        out = (sys.stdout if kind == b"o" else sys.stderr).buffer
        out.write(data)
        out.flush()
    print(f"node_command: {address} hung up. Did the node go down?", file=sys.stderr)
    return 255


try:
    code = main(sys.argv[1], sys.argv[2:])
except KeyboardInterrupt:
    code = 130
# Not sys.exit: the thread that reads standard input may be in the middle of a read.
os._exit(code)
