# A chat behind the gateway. It answers one request with letters for everybody else, and holds no connection.
#   python3 samples/chat.py 9000, then: ./run.sh --Mailbox:Backend http://127.0.0.1:9000
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"""<!doctype html><meta charset="utf-8"><title>Chat</title>
<form><input autofocus></form><ul></ul>
<script type="module">
import { open } from '/mailbox-client.js'
const show = text => document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: text }))
open('', '+me').addEventListener('message', letter => show(letter.detail.data))
document.forms[0].onsubmit = event => {
  event.preventDefault()
  const input = event.target[0]
  fetch('/', { method: 'POST', body: input.value })
  show(input.value)
  input.value = ''
}
</script>
"""
members = set()


class Chat(BaseHTTPRequestHandler):
    def do_GET(self):
        members.add(self.headers['Multiplex-Token'])
        self.answer(200, 'text/html', PAGE)

    def do_POST(self):
        me = self.headers['Multiplex-Token']
        members.add(me)
        words = self.rfile.read(int(self.headers['Content-Length']))
        others = members - {me}
        if not others:
            return self.answer(204)
        boundary = uuid.uuid4().hex  # What somebody writes cannot end a part whose boundary nobody knows.
        addresses = ''.join(f'Multiplex-Token: {other}\r\n' for other in others)
        body = f'--{boundary}\r\n{addresses}\r\n'.encode() + words + f'\r\n--{boundary}--\r\n'.encode()
        self.answer(200, f'application/x-multiplex; boundary={boundary}', body)

    def answer(self, status, content_type=None, body=b''):
        self.send_response(status)
        if content_type:
            self.send_header('Content-Type', content_type)
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Chat).serve_forever()
