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
// For the round trips, all share one processor where the system lets them: two processes that take turns either do
// so or wake each other across two, as the kernel has it, and that alone makes a trip four times as long.
//
// Events are counted until a `status` behind them is answered, so that all of them have been applied by then.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { binary, Client, memoryOf, openEnvironment, question, startSidecar, timeTrips } from './lib/client.mjs';
import { compareRounds, percentile, round, summarize } from './lib/report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const echo = process.env.EVENKEEL_ECHO ?? `${root}target/release/examples/echo`;

const ROUNDS = 20;
const TRIPS_PER_ROUND = 500;
const STARTS = 20;
const EVENTS = 300_000;
const EVENTS_PER_MESSAGE = 100;

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
      const times = await timeTrips(trips[name], TRIPS_PER_ROUND);
      if (round > 0) rounds[name].push(times);
    }
  }
  return {
    roundTripUs: Object.fromEntries(names.map((name) => [name, summarize(rounds[name].flat())])),
    overFloor: compareRounds(rounds.evenkeel, rounds.floor, 0.5),
    overFloorBlocking: compareRounds(rounds.evenkeel, rounds.floorBlocking, 0.5),
  };
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

/** The processors that a process may use, as Linux writes them; with `processors`, they are set. */
function affinity(pid, ...processors) {
  const { stdout } = spawnSync('taskset', ['-a', '-c', '-p', ...processors, String(pid)], { encoding: 'utf8' });
  return stdout?.match(/list: (\S+)/)?.[1];
}

async function measure() {
  for (const [path, command] of [[binary, 'cargo build --release'], [echo, 'cargo build --release --example echo']]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: run \`${command}\``);
  }
  const processors = affinity(process.pid);
  // Whoever is started from now on inherits it.
  if (processors) affinity(process.pid, processors.split(/[,-]/)[0]);
  const { sidecar, trips, end } = await contestants();
  const roundTrips = await measureTrips(trips);
  if (processors) for (const pid of [process.pid, sidecar.child.pid]) affinity(pid, processors);
  const eventsPerSecond = await measureEvents(sidecar);
  // The last answer has come; what is held now is held at rest.
  const memory = memoryOf(sidecar.child.pid);
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
