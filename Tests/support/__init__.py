"""What the interop and the WebSocket tests share: brokers as processes, raw peers, the real Python package."""
