// A program of its own, because what is evaluated stays: a polyfill in one run must not be there in the next.
// Asks late modules one after another on one server, and writes down what each answered.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { reloads } from '../../e2e/lib/log.mjs'
import { bundledModules, metTwice } from './bundled-modules.mjs'
import { lateModules } from './late-modules.mjs'
import { root, sides } from './sides.mjs'
import { createLogger, evenkeel } from './vite.mjs'

const [requestFile, answerFile] = process.argv.slice(2)
const { side, modules, asked, include = [], stock = false } = JSON.parse(await readFile(requestFile, 'utf8'))
// Inside node_modules, as Vite's default is.
const caches = fileURLToPath(new URL('../node_modules/.vite-packages/', import.meta.url))
await mkdir(caches, { recursive: true })
const cacheDir = await mkdtemp(path.join(caches, 'run-'))
// The first one waits for stock Vite's bundle of the whole list.
const deadline = 300_000

let printed = ''
const logger = createLogger('info')
for (const level of ['info', 'warn', 'warnOnce', 'error']) logger[level] = (text) => void (printed += `${text}\n`)

const opened = await sides[side]({
  cacheDir,
  customLogger: logger,
  plugins: [!stock && evenkeel({ log: 'silent' }), lateModules(root, modules)],
  optimizeDeps: { include },
})
try {
  const answers = []
  for (const module of asked) {
    const before = opened.trouble.length
    const startedAt = performance.now()
    const answer = await inTime(opened.ask(module)).catch((error) => ({ unanswered: error.message }))
    answers.push({ module, ...answer, ms: Math.round(performance.now() - startedAt), trouble: opened.trouble.slice(before) })
  }
  const { environment } = opened
  const { optimized, depInfoList } = environment.depsOptimizer.metadata
  const folder = path.dirname(depInfoList[0].file)
  const run = {
    answers,
    optimized: Object.values(optimized).map(({ src }) => src),
    bundled: await bundledModules(folder),
    metTwice: metTwice(environment, folder),
    reloads: reloads(printed),
    starts: opened.starts(),
    printed,
  }
  await writeFile(answerFile, JSON.stringify(run))
} finally {
  await opened.close()
  await rm(cacheDir, { recursive: true, force: true })
}
process.exit()

function inTime(promise) {
  const late = new Promise((_, reject) => setTimeout(reject, deadline, new Error(`no answer within ${deadline} ms`)).unref())
  return Promise.race([promise, late])
}
