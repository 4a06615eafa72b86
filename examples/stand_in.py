"""A stand-in for a paid model API on this machine: chat completions in OpenAI's wire format, always the same answer.

The examples use it where no `OPENAI_API_KEY` is set, so that they run as they are.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["model_api"]


@contextmanager
def model_api(answer: str) -> Iterator[str]:
    """Serve; give the base URL.

    Args:
        answer: What the model says, whatever it is asked.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            message = {"role": "assistant", "content": answer}
            content = {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1,
                "model": "stand-in",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 61, "completion_tokens": 9, "total_tokens": 70},
            }
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
