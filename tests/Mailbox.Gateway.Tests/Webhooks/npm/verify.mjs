// Ends with 0 where the call on standard input, {"secret","body","headers"}, is verified.
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const { secret, body, headers } = JSON.parse(readFileSync(0, 'utf8'));
const webhook = secret.startsWith('raw:') ? new Webhook(new TextEncoder().encode(secret.slice(4)), { format: 'raw' }) : new Webhook(secret);
// The gateway under test has a clock of its own.
Date.now = () => Number(headers['webhook-timestamp']) * 1000;
try {
  webhook.verify(body, headers);
} catch {
  process.exitCode = 1;
}
