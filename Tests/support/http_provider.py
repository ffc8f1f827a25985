"""A component that answers calls while the test goes on."""

import threading


class Provider:
    """Answers the calls of one method on a thread: with `reply(arguments)`, a value or (status, value); None for silence."""

    def __init__(self, peer, topic, reply):
        peer.expose(topic)
        self.calls = []
        self.peer, self.reply = peer, reply
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        try:
            while True:
                request = self.peer.receive_call()
                self.calls.append(request[4])
                answer = self.reply(request[4])
                if answer is None:
                    continue
                status, value = answer if isinstance(answer, tuple) else (0, answer)
                self.peer.answer(request, value, status)
        except Exception:
            # The connection ends with the test.
            return
