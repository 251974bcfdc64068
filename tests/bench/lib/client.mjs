import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { round } from './report.mjs';

export const binary = process.env.EVENKEEL_BINARY ?? fileURLToPath(new URL('../../../target/release/evenkeel', import.meta.url));

const DEPENDENCIES = 300;

/** A small LSP-framed client: what it costs is the same for the sidecar and for its floors. */
export class Client {
  constructor(command, args = []) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.pending = new Map();
    this.lastId = 0;
    this.unread = Buffer.alloc(0);
    this.child.stdout.on('data', (chunk) => this.read(chunk));
    this.child.on('error', (error) => {
      throw new Error(`${command} does not start: ${error.message}`);
    });
  }

  read(chunk) {
    let bytes = this.unread.length > 0 ? Buffer.concat([this.unread, chunk]) : chunk;
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) break;
      const body = end + 4;
      const length = Number(bytes.latin1Slice('Content-Length: '.length, end));
      if (bytes.length < body + length) break;
      this.take(JSON.parse(bytes.utf8Slice(body, body + length)));
      bytes = bytes.subarray(body + length);
    }
    this.unread = bytes;
  }

  take(message) {
    const resolve = this.pending.get(message.id);
    if (resolve === undefined) return;
    this.pending.delete(message.id);
    resolve(message);
  }

  write(message) {
    const body = JSON.stringify(message);
    return this.child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  request(method, params) {
    const id = ++this.lastId;
    return new Promise((resolve) => {
      this.pending.set(id, resolve);
      this.write({ jsonrpc: '2.0', id, method, params });
    });
  }

  notify(method, params) {
    return this.write({ jsonrpc: '2.0', method, params });
  }

  end() {
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    return ended;
  }
}

export async function startSidecar() {
  const client = new Client(binary, ['serve']);
  const initializationOptions = { protocolVersion: 2 };
  const answer = await client.request('initialize', { processId: process.pid, capabilities: {}, initializationOptions });
  if (answer.error) throw new Error(answer.error.message);
  client.notify('initialized', {});
  return client;
}

export function openEnvironment(client) {
  const dep = (index) => ({
    id: `@scope/package-${index}/entry`,
    file: `/home/user/app/node_modules/.vite/deps_worker/@scope_package-${index}_entry.js`,
    browserHash: '3f9a1c07',
  });
  const optimized = Array.from({ length: DEPENDENCIES }, (_, index) => dep(index));
  const optimizer = { browserHash: '3f9a1c07', optimized, discovered: [] };
  client.notify('environment/didOpen', { name: 'worker', consumer: 'server', root: '/home/user/app', base: '/', optimizer });
}

export const question = { environment: 'worker', id: `@scope/package-${DEPENDENCIES >> 1}/entry` };

/** How long each of some trips takes, in microseconds, one after the other. */
export async function timeTrips(trip, count) {
  const times = Array.from({ length: count }, () => 0);
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    await trip();
    times[index] = (performance.now() - start) * 1000;
  }
  return times;
}

/** Megabytes, where the system tells. */
export function memoryOf(pid) {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return {};
  const status = readFileSync(path, 'utf8');
  const megabytes = (field) => round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024);
  return { rssMb: megabytes('VmRSS'), peakRssMb: megabytes('VmHWM') };
}
