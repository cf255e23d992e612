const FirstRetry = 500;
const LastRetry = 8000;
const TryAgain = new Set([408, 429, 502, 503, 504, 507]);

// Sends one after the other, in order, until each is stored. A repetition carries the same key and is stored once.
export class Outbox {
  #tail = Promise.resolve();

  // Answers what the server said; { failed } where it refused.
  post(path, message, key) {
    const sent = this.#tail.then(() => this.#send(path, message, key));
    this.#tail = sent;
    return sent;
  }

  async #send(path, message, key) {
    for (let wait = FirstRetry; ; wait = Math.min(LastRetry, wait * 2)) {
      const answer = await attempt(path, message, key);
      if (answer) return answer;
      await new Promise(done => setTimeout(done, wait));
    }
  }
}

async function attempt(path, message, key) {
  try {
    const headers = { 'Content-Type': 'application/json', 'Message-Type': 'chat', 'Idempotency-Key': key };
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(message) });
    if (TryAgain.has(answer.status)) return null;
    return answer.ok ? await answer.json() : { failed: answer.status };
  } catch {
    return null;
  }
}

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, '0')).join('');
}
