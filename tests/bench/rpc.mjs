// What the wire costs: round trips beside their floors and beside two peers, events, start, memory, size.
//
//   node tests/bench/rpc.mjs [--json]
//
// All contestants are children of this process that live through the whole run, and they take turns: a machine
// that slows down slows all of them. A round trip is one request, awaited before the next is made, as the client
// sees it: encoding, writing, waking, reading, decoding.
//
// - evenkeel: `resolveOptimizedId`, answered from an environment with a few hundred dependencies.
// - floor: the same client sends the same bytes to `examples/echo.rs`, which sends them back without looking at
//   them, through the same async runtime and the same kind of streams as the sidecar's. The client's own share
//   (JSON, framing, event loop, two process switches) is in it, so that what evenkeel has above it is what
//   understanding and answering a message costs.
// - floorBlocking: the same with `cat`, which blocks in read and write. What the floor has above it is the price
//   of the async runtime.
// - esbuild: `formatMessages([])`, the lightest request of its service, through esbuild's own client.
// - vscodeJsonrpc: an empty request to a Node process; vscode-jsonrpc stands at both ends.
//
// Events are counted until a `status` behind them is answered, so that all of them have been applied by then.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const binary = process.env.EVENKEEL_BINARY ?? `${root}target/release/evenkeel`;
const echo = process.env.EVENKEEL_ECHO ?? `${root}target/release/examples/echo`;

const ROUNDS = 20;
const TRIPS_PER_ROUND = 500;
const DEPENDENCIES = 300;
const STARTS = 20;
const EVENTS = 300_000;
const EVENTS_PER_MESSAGE = 100;

/** A small LSP-framed client: what it costs is the same for the sidecar and for its floors. */
class Client {
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

async function startSidecar() {
  const client = new Client(binary);
  const initializationOptions = { protocolVersion: 1 };
  const answer = await client.request('initialize', { processId: process.pid, capabilities: {}, initializationOptions });
  if (answer.error) throw new Error(answer.error.message);
  client.notify('initialized', {});
  return client;
}

function openEnvironment(client) {
  const dep = (index) => ({
    id: `@scope/package-${index}/entry`,
    file: `/home/user/app/node_modules/.vite/deps_worker/@scope_package-${index}_entry.js`,
    browserHash: '3f9a1c07',
  });
  const optimized = Array.from({ length: DEPENDENCIES }, (_, index) => dep(index));
  const optimizer = { browserHash: '3f9a1c07', optimized, discovered: [] };
  client.notify('environment/didOpen', { name: 'worker', consumer: 'server', root: '/home/user/app', base: '/', optimizer });
}

const question = { environment: 'worker', id: `@scope/package-${DEPENDENCIES >> 1}/entry` };

async function contestants() {
  const sidecar = await startSidecar();
  openEnvironment(sidecar);
  const { result } = await sidecar.request('resolveOptimizedId', question);
  if (result?.state !== 'resolved') throw new Error(`not resolved: ${JSON.stringify(result)}`);
  const [floor, floorBlocking] = [new Client(echo), new Client('cat')];
  const esbuild = require('esbuild');
  const jsonrpc = startJsonrpc();
  return {
    sidecar,
    trips: {
      evenkeel: () => sidecar.request('resolveOptimizedId', question),
      floor: () => floor.request('resolveOptimizedId', question),
      floorBlocking: () => floorBlocking.request('resolveOptimizedId', question),
      esbuild: () => esbuild.formatMessages([], { kind: 'error' }),
      vscodeJsonrpc: () => jsonrpc.connection.sendRequest('echo'),
    },
    async end() {
      jsonrpc.connection.dispose();
      jsonrpc.child.kill();
      await Promise.all([sidecar.end(), floor.end(), floorBlocking.end(), esbuild.stop?.()]);
    },
  };
}

const JSONRPC_SERVER = `
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = require(process.argv[1]);
  const connection = createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
  connection.onRequest('echo', () => null);
  connection.listen();
`;

function startJsonrpc() {
  const path = require.resolve('vscode-jsonrpc/node');
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = require(path);
  const child = spawn(process.execPath, ['-e', JSONRPC_SERVER, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  connection.listen();
  return { child, connection };
}

async function measureTrips(trips) {
  const names = Object.keys(trips);
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  // The first round warms both ends up and is not counted; who begins changes from round to round.
  for (let round = 0; round <= ROUNDS; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      const times = await timeTrips(trips[name]);
      if (round > 0) rounds[name].push(times);
    }
  }
  const summarize = (times) => ({ p50: round(percentile(times, 0.5)), p99: round(percentile(times, 0.99)) });
  return {
    roundTripUs: Object.fromEntries(names.map((name) => [name, summarize(rounds[name].flat())])),
    overFloor: compareRounds(rounds.evenkeel, rounds.floor),
    overFloorBlocking: compareRounds(rounds.evenkeel, rounds.floorBlocking),
  };
}

/** How many times as long one takes as the other. Compared within each round: load comes and goes between them. */
function compareRounds(one, other) {
  const ratios = one.map((times, index) => percentile(times, 0.5) / percentile(other[index], 0.5));
  return round(percentile(ratios, 0.5), 2);
}

async function timeTrips(trip) {
  const times = Array.from({ length: TRIPS_PER_ROUND }, () => 0);
  for (let index = 0; index < TRIPS_PER_ROUND; index++) {
    const start = performance.now();
    await trip();
    times[index] = (performance.now() - start) * 1000;
  }
  return times;
}

function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)];
}

function round(value, digits = 1) {
  return Number(value.toFixed(digits));
}

async function measureEvents(client) {
  const messages = Array.from({ length: 20 }, (_, page) => ({ environment: 'worker', activities: activities(page) }));
  const send = async (count) => {
    for (let sent = 0, index = 0; sent < count; sent += EVENTS_PER_MESSAGE, index++) {
      const flowing = client.notify('onTransform', messages[index % messages.length]);
      if (!flowing) await new Promise((resolve) => client.child.stdin.once('drain', resolve));
    }
    await client.request('status', {});
  };
  await send(EVENTS / 10);
  const rates = [];
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    await send(EVENTS);
    rates.push(EVENTS / ((performance.now() - start) / 1000));
  }
  return Math.round(percentile(rates, 0.5));
}

/** Half of them begin, half of them end and carry what the module imports, as in a real transform. */
function activities(page) {
  return Array.from({ length: EVENTS_PER_MESSAGE / 2 }, (_, index) => {
    const module = `/src/pages/section-${page}/components/widget-${index}.tsx`;
    const deps = [
      '/node_modules/.vite/deps_worker/react.js?v=3f9a1c07',
      '/node_modules/.vite/deps_worker/react_jsx-dev-runtime.js?v=3f9a1c07',
      `/src/pages/section-${page}/state.ts`,
      '/src/lib/format.ts',
    ];
    const dynamicDeps = index % 10 === 0 ? [`/src/pages/section-${page}/dialog-${index}.tsx`] : [];
    return [
      { kind: 'transform', moment: 'begin', module },
      { kind: 'transform', moment: 'end', module, deps, dynamicDeps },
    ];
  }).flat();
}

async function measureStarts() {
  const times = [];
  for (let start = 0; start < STARTS; start++) {
    const before = performance.now();
    const client = await startSidecar();
    times.push(performance.now() - before);
    await client.end();
  }
  return round(percentile(times, 0.5));
}

function measureMemory(pid) {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return {};
  const status = readFileSync(path, 'utf8');
  const megabytes = (field) => round(Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024);
  return { rssMb: megabytes('VmRSS'), peakRssMb: megabytes('VmHWM') };
}

function print(report) {
  console.log(`round trip, µs       p50      p99`);
  for (const [name, { p50, p99 }] of Object.entries(report.roundTripUs)) {
    console.log(`  ${name.padEnd(14)} ${p50.toFixed(1).padStart(7)}  ${p99.toFixed(1).padStart(7)}`);
  }
  console.log(`  evenkeel / floor ${report.overFloor}, evenkeel / floorBlocking ${report.overFloorBlocking}`);
  console.log(`events per second    ${report.eventsPerSecond}`);
  console.log(`ready, ms            ${report.readyMs}`);
  console.log(`memory, MB           ${report.rssMb} at rest, ${report.peakRssMb} at most`);
  console.log(`binary, MB           ${report.binaryMb}`);
}

async function measure() {
  for (const [path, command] of [[binary, 'cargo build --release'], [echo, 'cargo build --release --example echo']]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run \`${command}\``);
  }
  const { sidecar, trips, end } = await contestants();
  const roundTrips = await measureTrips(trips);
  const eventsPerSecond = await measureEvents(sidecar);
  // The last answer has come; what is held now is held at rest.
  const memory = measureMemory(sidecar.child.pid);
  await end();
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    ...roundTrips,
    eventsPerSecond,
    readyMs: await measureStarts(),
    ...memory,
    binaryMb: round(statSync(binary).size / 1e6, 2),
  };
}

const report = await measure();
if (process.argv.includes('--json')) console.log(JSON.stringify(report));
else print(report);
