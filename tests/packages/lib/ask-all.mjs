// A program of its own, because what is evaluated stays: a polyfill in one run must not be there in the next.
// Asks late modules one after another on one server, and tells its parent what each answered. A module that never answers is the
// parent's to notice: this process may be what it keeps busy.
import { once } from 'node:events'
import path from 'node:path'
import { reloads } from '../../e2e/lib/log.mjs'
import { metTwice } from './bundled-modules.mjs'
import { lateModules } from './late-modules.mjs'
import { root, sides } from './sides.mjs'
import { createLogger, evenkeel } from './vite.mjs'

const [{ side, modules, asked, include = [], stock = false, cacheDir }] = await once(process, 'message')

let printed = ''
const logger = createLogger('info')
for (const level of ['info', 'warn', 'warnOnce', 'error']) logger[level] = (text) => void (printed += `${text}\n`)

const opened = await sides[side]({
  cacheDir,
  customLogger: logger,
  plugins: [!stock && evenkeel({ log: 'silent' }), lateModules(root, modules)],
  optimizeDeps: { include },
})
await tell({})
for (const module of asked) {
  const before = opened.trouble.length
  const startedAt = performance.now()
  const answer = await opened.ask(module)
  const ms = Math.round(performance.now() - startedAt)
  await tell({ answer: { module, ...answer, ms, trouble: opened.trouble.slice(before) }, seen: seen(opened.environment) })
}
await opened.close()
process.exit()

/** What has become of the server so far. */
function seen(environment) {
  const { optimized, depInfoList } = environment.depsOptimizer.metadata
  const [dep] = depInfoList
  const folder = dep && path.dirname(dep.file)
  return {
    folder,
    optimized: Object.values(optimized).map(({ src }) => src),
    metTwice: folder ? metTwice(environment, folder) : [],
    reloads: reloads(printed),
    starts: opened.starts(),
    printed,
  }
}

function tell(message) {
  return new Promise((resolve, reject) => process.send(message, (error) => (error ? reject(error) : resolve())))
}
