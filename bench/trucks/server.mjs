// The server in Release, on a free port and a data directory of its own.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const Root = fileURLToPath(new URL('../../', import.meta.url));
const Program = join(Root, 'silo/bin/Release/net10.0/Mailbox.Silo.dll');
const Ticks = 100;

export class Server {
  #process;
  #directory;

  static build() {
    execFileSync('dotnet', ['build', join(Root, 'silo'), '-c', 'Release', '-v', 'quiet', '--nologo'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  // `addresses`: as many of the loopback network it listens on.
  static async start(addresses = 1) {
    const server = new Server();
    server.port = await freePort();
    server.addresses = Array.from({ length: addresses }, (_, n) => `http://127.0.0.${n + 1}:${server.port}`);
    [server.address] = server.addresses;
    server.#directory = mkdtempSync(join(tmpdir(), 'mailbox-trucks-'));
    // Whatever happens to this script.
    process.once('exit', () => server.#process.kill('SIGKILL'));
    await server.startAgain();
    return server;
  }

  // On the same port and directory as before. Resolves with the moment it was ready, by this thread's clock.
  async startAgain() {
    const args = [Program, '--urls', this.addresses.join(';'), '--Mailbox:Data', this.#directory, '--Mailbox:Demo', 'false'];
    this.#process = spawn('dotnet', args, { stdio: 'ignore', env: { ...process.env, Logging__LogLevel__Default: 'Warning' } });
    return await this.#ready() - performance.timeOrigin;
  }

  // Nothing is told to anybody.
  async kill() {
    const ended = new Promise(done => this.#process.once('exit', done));
    this.#process.kill('SIGKILL');
    await ended;
  }

  // User and system time of all its threads, those that have ended too, in ticks of 10 ms.
  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / Ticks;
  }

  memory() {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${this.#process.pid}/smaps_rollup`, 'utf8'))[1]) * 1024;
  }

  // Without somebody who takes what clients say it would be refused.
  async takeUplinks() {
    // Nobody listens there: what is said is stored, and waits.
    const webhook = { url: 'http://127.0.0.1:9/', events: ['uplink'], secret: 'trucks' };
    const answer = await fetch(`${this.address}/webhooks/trucks`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(webhook) });
    if (!answer.ok) throw new Error(`Uplinks are not taken: ${answer.status}`);
  }

  async stop() {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }

  #ready() {
    return new Promise((resolve, reject) => {
      const watch = new Worker(new URL('ready.mjs', import.meta.url), { workerData: `${this.address}/readyz` });
      watch.once('message', resolve);
      this.#process.once('exit', () => {
        watch.terminate();
        reject(new Error('The server ended.'));
      });
    });
  }
}

function freePort() {
  return new Promise(resolve => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
