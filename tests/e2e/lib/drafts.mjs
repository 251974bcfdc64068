import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { copyApp, newCacheDir, startApp } from './app.mjs'
import { defaults } from './guarded.mjs'
import { saveLine } from './log.mjs'
import { until } from './waiting.mjs'
import { counts, visit } from './visit.mjs'

/**
 * A page with a number, so that every save is told from the one before, and with what the given spare dependencies say.
 * `expects` is what it renders to.
 */
export function draft(number, deps = []) {
  const lines = [
    "import { useState } from 'react'",
    ...deps.map(({ imports }) => imports),
    'export default function Draft() {',
    `  const [number] = useState(${number})`,
    '  return (',
    '    <main>',
    '      <h1>{`draft ${number}`}</h1>',
    ...deps.map(({ content }) => `      <div>{${content}}</div>`),
    '    </main>',
    '  )',
    '}',
  ]
  return { source: `${lines.join('\n')}\n`, expects: [`<h1>draft ${number}</h1>`, ...deps.map(({ expect }) => expect)] }
}

export const shows = ({ expects }, { status, text }) => status === 200 && expects.every((expect) => text.includes(expect))

/** The pages of an app that a test may save: one is reached by a dynamic import, the other by a static one. */
export const drafts = {
  draft: { file: 'src/draft.tsx', path: '/draft' },
  home: { file: 'src/home.tsx', path: '/' },
}

/**
 * A copy of an app with a server on it, for a test that saves. The first start is cold, a restart is warm. `config` is the text of a
 * vite.config.mjs of its own.
 */
export async function openSession(app, { page = 'draft', env = defaults(), first = draft(0), config, stack } = {}) {
  const { root, remove: removeCopy } = await copyApp(app, stack)
  const cacheDir = await newCacheDir()
  const remove = () => Promise.all([removeCopy(), rm(cacheDir, { recursive: true, force: true })])
  const { file, path: url } = drafts[page]
  const inRoot = (name) => path.join(root, name)
  const write = (text) => writeFile(inRoot(file), text)
  const start = () => startApp({ root, env, cacheDir, stack })
  await write(first.source)
  if (config) await writeFile(inRoot('vite.config.mjs'), config)
  let server = await start().catch(async (error) => {
    await remove()
    throw error
  })
  const session = {
    root,
    cacheDir,
    inRoot,
    /** What the page showed last, for certain. */
    shown: first,
    get server() {
      return server
    },
    save: (next) => write(next.source),
    ask: (method = 'GET') => visit(server, url, { method, body: method === 'GET' ? undefined : 'even keel' }),

    /** Changes something, and asks for the page once `delay` is over. */
    async changeAndAsk(change, { method, delay }) {
      const printed = session.printing()
      const startedBefore = await timesStarted(method)
      await change()
      await delay()
      const seenBefore = saveLine.test(printed())
      const answer = await session.ask(method)
      const started = (await timesStarted(method)) - startedBefore
      await until('Vite sees what changed', () => saveLine.test(printed()))
      return { answer, started, seenBefore, printed }
    },

    /** What Vite prints from now on. */
    printing() {
      const from = server.log().length
      return () => server.log().slice(from)
    },

    /** In the end the page shows what was saved, whatever the first request met. */
    async comesTo(next) {
      await until(`the page shows ${next.expects}`, async () => shows(next, await session.ask()))
      session.shown = next
    },

    /** `meanwhile` the server is down. */
    async restart(meanwhile) {
      await server.stop()
      await meanwhile()
      server = await start()
    },

    async close() {
      await server.stop()
      await remove()
    },
  }
  const timesStarted = async (method) => (await counts(server))[`${method} ${url}`] ?? 0
  await session.comesTo(first).catch(async (error) => {
    await session.close()
    throw error
  })
  return session
}
