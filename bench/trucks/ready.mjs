// Tells when a server is ready, from a thread of its own: ten thousand clients that find nobody keep the other one busy.
import { parentPort, workerData } from 'node:worker_threads';

async function isReady() {
  try {
    return (await fetch(workerData)).ok;
  } catch {
    return false;
  }
}

while (!await isReady()) await new Promise(done => setTimeout(done, 20));
parentPort.postMessage(performance.timeOrigin + performance.now());
