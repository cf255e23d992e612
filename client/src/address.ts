import { faultOf, MailboxError } from './fault.js';
import type { Ticket } from './types.js';

export type Query = Record<string, string | number | null | undefined>;

/** Where the mailbox is, and the ticket that opens it. */
export class Address {
  readonly #url: URL;
  #ticket: Ticket | undefined;
  #shown: string | undefined;

  constructor(url: string | URL, name: string, ticket?: Ticket) {
    const base = new URL(url || '/', globalThis.document?.baseURI);
    this.#url = new URL(`${base.pathname.replace(/\/$/, '')}/mailboxes/${encodeURIComponent(name)}`, base);
    this.#ticket = ticket;
  }

  get key() {
    return this.#url.href;
  }

  renew(ticket: Ticket) {
    this.#ticket = ticket;
    this.#shown = undefined;
  }

  async fetch(path: string, query: Query, init: RequestInit): Promise<Response> {
    const response = await this.#attempt(path, query, init);
    // A ticket that ended is asked for once more; a fixed one cannot get better.
    if (response.status !== 401 || typeof this.#ticket !== 'function') return response;
    this.#shown = undefined;
    return this.#attempt(path, query, init);
  }

  /** The same, where any answer but success is a fault. */
  async request(path: string, query: Query, init: RequestInit): Promise<Response> {
    const response = await this.fetch(path, query, init);
    if (!response.ok) throw await faultOf(response);
    return response;
  }

  async webSocket(query: Query): Promise<WebSocket> {
    const url = this.#with('', { ...query, ticket: await this.#show() });
    url.protocol = url.protocol.replace('http', 'ws');
    return new WebSocket(url, 'mailbox.v1');
  }

  /** A handshake that was refused may mean that the ticket has ended: WebSockets do not tell. */
  forget() {
    this.#shown = undefined;
  }

  async #attempt(path: string, query: Query, init: RequestInit) {
    const ticket = await this.#show();
    const headers = { ...init.headers as object, ...ticket && { Authorization: `Bearer ${ticket}` } };
    try {
      return await fetch(this.#with(path, query), { cache: 'no-store', ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw init.signal.reason;
      throw new MailboxError('cut', 0, 0, String(error));
    }
  }

  async #show() {
    this.#shown ??= typeof this.#ticket === 'function' ? await this.#ticket() : this.#ticket;
    return this.#shown;
  }

  #with(path: string, query: Query) {
    const url = new URL(this.#url);
    url.pathname += path;
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(key, String(value));
    }
    return url;
  }
}
