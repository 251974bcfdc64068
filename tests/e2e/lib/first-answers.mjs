// Prints what a user of a cold dev server sees: `node first-answers.mjs [app ...]`, with the fixtures' environment variables
// (EVENKEEL, OUTDATED, RETRY_PLUGIN, …) as they are.
import { latePages, keyOf } from '../../apps/pages/table.mjs'
import { startApp } from './app.mjs'
import { counts, isRight, visit, visitAll } from './visit.mjs'

const apps = process.argv.length > 2 ? process.argv.slice(2) : ['worker', 'hono']

for (const name of apps) {
  const app = await startApp({ app: name })
  try {
    await visit(app, '/')
    const results = await visitAll(app, latePages)
    const started = await counts(app)
    console.table(
      results.map((result) => ({
        page: keyOf(result.page),
        dep: result.page.dep,
        right: isRight(result.page, result),
        first: result.firstStatus,
        last: result.status,
        redirects: result.redirects,
        ms: result.ms,
        started: started[keyOf(result.page)] ?? 0,
      })),
    )
    const right = results.filter((result) => isRight(result.page, result)).length
    const posts = results.filter((result) => result.page.method === 'POST')
    const once = posts.filter((result) => started[keyOf(result.page)] === 1).length
    const times = results.map((result) => result.ms).sort((a, b) => a - b)
    console.log(
      `${name}: ready ${app.readyMs} ms, right ${right}/${results.length}, POST once ${once}/${posts.length}, ` +
        `median ${times[times.length >> 1]} ms, slowest ${times.at(-1)} ms`,
    )
    for (const result of results) {
      if (!isRight(result.page, result)) console.log(`  ${keyOf(result.page)}: ${firstLine(result.text)}`)
    }
    if (process.env.SHOW_LOG) console.log(app.log())
  } finally {
    await app.stop()
  }
}

/** Vite's error page carries the error as JSON inside a script; a framework's own page is plain text. */
function firstLine(text) {
  return (text.match(/"message":"(.*?)(?:\\n|")/)?.[1] ?? text.trim().split('\n')[0]).slice(0, 160)
}
