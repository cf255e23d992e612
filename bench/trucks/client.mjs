// The client as the gateway serves it, and how many requests it makes.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const File = new URL('../../src/Mailbox.Gateway/Pages/mailbox-client.js', import.meta.url);
let requests = 0;

const { fetch: nodeFetch, WebSocket: NodeSocket } = globalThis;

globalThis.fetch = (...args) => {
  requests++;
  return nodeFetch(...args);
};

globalThis.WebSocket = class extends NodeSocket {
  constructor(...args) {
    super(...args);
    requests++;
  }
};

export const fetched = () => requests;

// Node takes a `.js` file outside a package for CommonJS.
const directory = mkdtempSync(join(tmpdir(), 'mailbox-client-'));
const copy = join(directory, 'client.mjs');
copyFileSync(File, copy);
export const { open } = await import(copy);
rmSync(directory, { recursive: true });
