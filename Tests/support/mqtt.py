"""MQTT clients of the tests: paho with its callbacks as queues, and packets by hand for what no library would send."""

import queue
import re
import socket
import struct
import uuid

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from support.processes import PATIENCE

V311, V5 = paho.MQTTv311, paho.MQTTv5


def mqtt_port(broker) -> int:
    """Where the broker's start-up line says that MQTT clients may come."""
    return int(re.search(r"mqtts?://[^\s:]+:(\d+)", broker.started_with)[1])


def mqtt_broker(start_broker, **settings):
    """A broker with an MQTT port, and without tables unless settings say so."""
    options = ["--mqtt-listen", "0", *settings.pop("options", [])]
    settings.setdefault("REMBUS_RECORD", "none")
    return start_broker(options=options, **settings)


def properties(kind, **values) -> Properties:
    made = Properties(getattr(PacketTypes, kind))
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Client:
    """A paho client: `with Client(broker) as client`. What arrives waits in queues."""

    def __init__(self, broker, name=None, version=V5, clean=True, user=None, password=None, will=None, tls=None,
                 websocket=False, manual=False, keepalive=60, host="127.0.0.1", port=None, headers=None, **connect):
        self.messages, self.ends = queue.Queue(), queue.Queue()
        self._answers = queue.Queue()
        arguments = {} if version == V5 else {"clean_session": clean}
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"c{uuid.uuid4().hex[:12]}" if name is None else name,
            protocol=version, transport="websockets" if websocket else "tcp", reconnect_on_failure=False,
            manual_ack=manual, **arguments)
        self.client.on_connect = lambda _c, _u, flags, reason, found: self._answers.put((reason, flags, found))
        self.client.on_subscribe = self.client.on_unsubscribe = lambda _c, _u, _m, reasons, _p: self._answers.put(reasons)
        self.client.on_message = lambda _c, _u, message: self.messages.put(message)
        self.client.on_disconnect = lambda _c, _u, _f, reason, _p: self.ends.put(reason)
        if user is not None:
            self.client.username_pw_set(user, password)
        if will:
            self.client.will_set(**will)
        if tls:
            self.client.tls_set_context(tls)
        if headers is not None:
            self.client.ws_set_options(headers=headers)
        extra = {}
        if version == V5:
            extra = {"clean_start": clean, "properties": properties("CONNECT", **connect) if connect else None}
        self.client.connect(host, port or mqtt_port(broker), keepalive=keepalive, **extra)
        self.client.loop_start()
        self.reason, self.flags, self.found = self.answer()

    @property
    def code(self) -> int:
        return self.reason.value

    def answer(self):
        return self._answers.get(timeout=PATIENCE)

    def subscribe(self, *filters, qos=2, options=None, **found):
        """The reason codes."""
        if options is not None:
            self.client.subscribe([(each, options) for each in filters],
                                  properties=properties("SUBSCRIBE", **found) if found else None)
        else:
            self.client.subscribe([(each, qos) for each in filters])
        return [reason.value for reason in self.answer()]

    def unsubscribe(self, *filters):
        self.client.unsubscribe(list(filters))
        return [reason.value for reason in self.answer()]

    def publish(self, topic, payload=b"", qos=0, retain=False, **found):
        """Waits for the whole exchange at QoS 1 and 2."""
        sent = self.client.publish(
            topic, payload, qos=qos, retain=retain, properties=properties("PUBLISH", **found) if found else None)
        sent.wait_for_publish(PATIENCE)
        return sent

    def receive(self):
        return self.messages.get(timeout=PATIENCE)

    def next(self):
        """(topic, payload) of the next message."""
        message = self.receive()
        return message.topic, message.payload

    def end(self) -> int:
        """The reason for which the connection ended."""
        return self.ends.get(timeout=PATIENCE).value

    def vanish(self):
        """Ends the connection without a DISCONNECT."""
        self.client._sock.shutdown(socket.SHUT_RDWR)
        self.ends.get(timeout=PATIENCE)
        self.client.loop_stop()

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def assert_nothing_for(publisher, *clients):
    """Proves without waiting that nothing reached these clients: the next thing each sees is a later publication."""
    topic = f"fence/{uuid.uuid4().hex}"
    for client in clients:
        client.subscribe(topic, qos=0)
    publisher.publish(topic, b"fence", qos=1)
    for client in clients:
        assert client.next() == (topic, b"fence")


# Packets by hand


def text(value) -> bytes:
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(data)) + data


def variable(number) -> bytes:
    out = b""
    while True:
        number, low = divmod(number, 128)
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def packet(head, body=b"") -> bytes:
    return bytes([head]) + variable(len(body)) + body


def connect_packet(name="raw", version=5, flags=0x02, keepalive=0, found=b"", rest=b"", protocol="MQTT") -> bytes:
    body = text(protocol) + bytes([version, flags]) + struct.pack(">H", keepalive)
    body += (variable(len(found)) + found if version == 5 else b"") + text(name) + rest
    return packet(0x10, body)


class RawClient:
    """A socket that speaks MQTT as the test says."""

    def __init__(self, broker, hello=None):
        self.socket = socket.create_connection(("127.0.0.1", mqtt_port(broker)), PATIENCE)
        if hello is not None:
            self.send(hello)
            head, body = self.receive()
            assert head == 0x20 and body[1] == 0, (head, body)

    def send(self, data):
        self.socket.sendall(data)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError("the broker closed the connection")
            data += part
        return data

    def receive(self):
        """(first byte, body) of the next packet."""
        head, length, shift = self._exactly(1)[0], 0, 0
        while True:
            byte = self._exactly(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return head, self._exactly(length)

    def rest(self):
        """Everything until the broker hangs up."""
        data = b""
        try:
            while part := self.socket.recv(65536):
                data += part
        except ConnectionResetError:
            pass
        return data

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
