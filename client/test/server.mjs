import { createServer } from 'node:http';

// A mailbox in a few lines: what it answers is decided by the test, request by request.
export class FakeServer {
  requests = [];
  // Whether the test answers the exchange that says where a reader begins.
  begins = false;
  #answers = [];
  #http = createServer((request, response) => this.#answer(request, response));
  #arrived = () => {};

  static async start() {
    const server = new FakeServer();
    await new Promise(done => server.#http.listen(0, '127.0.0.1', done));
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }

  // The next request is answered by this; the last answer is given again and again.
  say(...answers) {
    this.#answers.push(...answers);
    return this;
  }

  async requested(count) {
    while (this.requests.length < count) await new Promise(done => { this.#arrived = done; });
    return this.requests[count - 1];
  }

  stop() {
    this.#http.closeAllConnections();
    this.#http.close();
  }

  async #answer(request, response) {
    const url = new URL(request.url, this.url);
    let body = '';
    for await (const chunk of request) body += chunk;
    if (!this.begins && url.pathname.endsWith('/exchange') && !JSON.parse(body).after && !JSON.parse(body).uplink.length) {
      json({ position: at(0), messages: [], uplink: 0 })(response);
      return;
    }
    const seen = { method: request.method, path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers, body };
    const answer = seen.path.endsWith('/ack') ? status(204) : this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (!seen.path.endsWith('/ack')) this.requests.push(seen);
    this.#arrived();
    answer(response, seen);
  }
}

export const letter = n => ({ position: at(n), contentType: 'application/json', at: '2026-01-01T00:00:00Z', data: n });

export const at = n => `a1.${n}`;

export const ndjson = (...lines) => response => {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  for (const line of lines) response.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
};

export const thenCut = answer => (response, request) => {
  answer(response, request);
  setImmediate(() => response.destroy());
};

export const json = (value, code = 200, headers = {}) => response => {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
};

export const problem = (name, code, headers = {}) => json({ type: `urn:mailbox:problem:${name}`, status: code, detail: 'as told' }, code, headers);

export const page = code => response => {
  response.writeHead(code, { 'Content-Type': 'text/html' }).end('<h1>Bad Gateway</h1>');
};

export const status = code => response => response.writeHead(code).end();

export const silence = () => {};
