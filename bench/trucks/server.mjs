// The standalone server in Release, on a free port and a data directory of its own.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const Root = fileURLToPath(new URL('../../', import.meta.url));
const Program = join(Root, 'standalone/bin/Release/net10.0/Mailbox.Standalone.dll');
const Ticks = 100;

export class Server {
  #process;
  #directory;

  static build() {
    execFileSync('dotnet', ['build', join(Root, 'standalone'), '-c', 'Release', '-v', 'quiet', '--nologo'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  static async start() {
    const server = new Server();
    server.port = await freePort();
    server.address = `http://127.0.0.1:${server.port}`;
    server.#directory = mkdtempSync(join(tmpdir(), 'mailbox-trucks-'));
    // Whatever happens to this script.
    process.once('exit', () => server.#process.kill('SIGKILL'));
    await server.startAgain();
    return server;
  }

  // On the same port and directory as before.
  async startAgain() {
    const args = [Program, '--urls', this.address, '--Mailbox:Data', this.#directory, '--Mailbox:Demo', 'false'];
    this.#process = spawn('dotnet', args, { stdio: 'ignore', env: { ...process.env, Logging__LogLevel__Default: 'Warning' } });
    await this.#isReady();
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
    const answer = await fetch(`${this.address}/groups/mailbox.uplinks/members/mailbox.uplinks:trucks`, { method: 'PUT' });
    if (!answer.ok) throw new Error(`Uplinks are not taken: ${answer.status}`);
  }

  async stop() {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }

  async #isReady() {
    for (;;) {
      try {
        if ((await fetch(`${this.address}/readyz`)).ok) return;
      } catch {
        if (this.#process.exitCode !== null) throw new Error('The server ended.');
      }
      await new Promise(done => setTimeout(done, 50));
    }
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
