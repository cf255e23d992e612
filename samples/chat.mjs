// A chat behind the gateway. It answers one request with letters for everybody else, and holds no connection.
//   node samples/chat.mjs 9000, then: ./run.sh --Mailbox:Backend http://127.0.0.1:9000
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

const page = `<!doctype html><meta charset="utf-8"><title>Chat</title>
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
`
const members = new Set()

createServer(async (request, response) => {
  const me = request.headers['multiplex-token']
  members.add(me)
  if (request.method !== 'POST') return response.setHeader('Content-Type', 'text/html').end(page)

  const words = await text(request)
  const others = [...members].filter(member => member !== me)
  if (others.length === 0) return response.writeHead(204).end()
  const boundary = randomUUID() // What somebody writes cannot end a part whose boundary nobody knows.
  response.setHeader('Content-Type', `application/x-multiplex; boundary=${boundary}`)
  response.end([`--${boundary}`, ...others.map(other => `Multiplex-Token: ${other}`), '', words, `--${boundary}--`, ''].join('\r\n'))
}).listen(process.argv[2] ?? 9000, '127.0.0.1')
