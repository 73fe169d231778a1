"""Many people on the webchat, in one thread: each has a WebSocket of its own and writes when its time comes.

Frames are looked at no closer than the bench needs, so that ten thousand visitors leave the machine to the server.
"""

import base64
import heapq
import json
import os
import random
import select
import socket
import time

# Handshakes at once: the server's queue of connections is finite, and they are not measured.
HANDSHAKES = 64
# Seconds without any news after which whoever still waits has been given up.
SILENCE = 60
READ_BYTES = 65536
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10

UPGRADE = (
    "GET /api/socket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\r\n"
)


class Broken(Exception):
    """The server ended a connection, or answered what the bench does not know."""


class Visitor:
    """One person. Times are those of `time.perf_counter`; `None` where it has not happened."""

    __slots__ = ("socket", "heard", "due", "late", "acked", "first", "whole", "failed", "number")

    def __init__(self, connection):
        self.socket = connection
        self.heard = b""
        self.number = 0
        self.forget()

    def forget(self):
        self.due = self.late = self.acked = self.first = self.whole = None
        self.failed = False

    def say(self, now):
        self.number += 1
        text = "Good morning. What will the weather be like today?"
        message = {"type": "message", "id": f"m{self.number}", "text": text}
        self.send(TEXT, json.dumps(message).encode())
        self.late = now - self.due

    def send(self, opcode, payload):
        # A client's frames are masked; by zeros they stay what they are.
        length = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
        self.socket.send(head + b"\0\0\0\0" + payload)

    def frames(self):
        """Whole frames of what was read: opcode and payload."""
        data, at = self.heard, 0
        while len(data) - at >= 2:
            length, head = data[at + 1] & 0x7F, 2
            if length >= 126:
                head = 4 if length == 126 else 10
                length = int.from_bytes(data[at + 2 : at + head], "big")
            if len(data) - at < head + length:
                break
            yield data[at] & 0x0F, data[at + head : at + head + length]
            at += head + length
        self.heard = data[at:]

    def read(self, now):
        """Takes what came. Returns whether this visitor has its answer by it."""
        piece = self.socket.recv(READ_BYTES)
        if not piece:
            raise Broken("the server closed a connection")
        self.heard += piece
        was_whole = self.whole
        for opcode, payload in self.frames():
            if opcode == PING:
                self.send(PONG, payload)
            elif opcode == CLOSE:
                raise Broken(f"the server closed a connection: {payload[2:].decode()}")
            elif b'"type":"ack"' in payload:
                self.acked = now
            elif b'"type":"delta"' in payload:
                self.first = self.first or now
            elif b'"kind":"assistant"' in payload:
                self.first, self.whole = self.first or now, now
            elif b'"type":"error"' in payload or b'"kind":"error"' in payload:
                self.failed, self.whole = True, now
        return self.whole is not was_whole


class Crowd:
    """Visitors who are connected to one webchat."""

    def __init__(self, address):
        self.address = address
        self.poll = select.epoll()
        self.visitors = {}

    def come(self, count):
        """Connects so many, each with a conversation of its own."""
        while len(self.visitors) < count:
            few = min(HANDSHAKES, count - len(self.visitors))
            coming = [self.connect() for _ in range(few)]
            for connection in coming:
                greet(connection)
            for connection in coming:
                visitor = Visitor(connection)
                while not any(b'"type":"ready"' in payload for _, payload in visitor.frames()):
                    visitor.heard += connection.recv(READ_BYTES)
                connection.setblocking(False)
                self.visitors[connection.fileno()] = visitor
                self.poll.register(connection.fileno(), select.EPOLLIN)

    def connect(self):
        host, port = self.address.split(":")
        connection = socket.create_connection((host, int(port)), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(UPGRADE.format(self.address, key).encode())
        return connection

    def talk(self, seconds, seed):
        """Everybody writes once, at a random time within `seconds`, and reads the answer. Returns them."""
        chance, begin = random.Random(seed), time.perf_counter() + 0.1
        plan = []
        for fd, visitor in self.visitors.items():
            visitor.forget()
            visitor.due = begin + chance.random() * seconds
            plan.append((visitor.due, fd))
        heapq.heapify(plan)
        waiting, news = len(plan), begin + seconds
        while waiting and time.perf_counter() < news + SILENCE:
            while plan and plan[0][0] <= time.perf_counter():
                _, fd = heapq.heappop(plan)
                self.visitors[fd].say(time.perf_counter())
            pause = max(plan[0][0] - time.perf_counter(), 0) if plan else 1
            for fd, _ in self.poll.poll(pause):
                now = time.perf_counter()
                if self.visitors[fd].read(now):
                    waiting -= 1
                    news = max(news, now)
        return list(self.visitors.values())

    def rest(self, seconds):
        """Nobody writes; whoever is asked whether they are there says so."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            for fd, _ in self.poll.poll(left):
                self.visitors[fd].read(time.perf_counter())

    def leave(self):
        for visitor in self.visitors.values():
            visitor.socket.close()
        self.visitors.clear()


def greet(connection):
    """Says hello, once the server speaks WebSocket."""
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            break
        answer += piece
    if not answer.startswith(b"HTTP/1.1 101"):
        raise Broken(f"no socket: {answer.decode()}")
    # What the server gives to whoever begins a conversation: 256 random bits.
    token = "orc_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    Visitor(connection).send(TEXT, json.dumps({"type": "hello", "token": token}).encode())
