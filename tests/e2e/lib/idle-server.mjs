// A user's script: it makes a Vite server in middleware mode and forgets to close it. Nothing in it waits
// for anything, so that it ends by itself, unless somebody keeps it alive. Prints the sidecar's pid and an answer of it.
// `node idle-server.mjs [with [stopped]]`; a sidecar that is `stopped` by then does not notice that the script ends.
import { createServer } from 'vite'

const plugins = process.argv[2] === 'with' ? [(await import('evenkeel')).evenkeel()] : []
const server = await createServer({
  configFile: false,
  root: process.cwd(),
  cacheDir: process.env.CACHE_DIR,
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  // With an optimizer, so that there is something to guard.
  environments: { ssr: { optimizeDeps: { noDiscovery: false, include: [] } } },
  plugins,
})
const [shared] = globalThis[Symbol.for('evenkeel.sidecars')]?.values() ?? []
if (shared) {
  // Idle means connected and asked before; something else must keep Node alive until then.
  const alive = setInterval(() => {}, 1000)
  const answer = await shared.sidecar.request('awaitStable', { timeoutMs: 0 })
  clearInterval(alive)
  if (process.argv[3] === 'stopped') process.kill(shared.sidecar.pid, 'SIGSTOP')
  console.log(JSON.stringify({ pid: shared.sidecar.pid, answer }))
}
