// What a user of a cold dev server is promised: the first answer of every page is right, and of a render that saw one
// generation of modules. Each run on the bare stack beside it shows that without Evenkeel it is not.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { keyOf, latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { addingAlone, guarded } from './lib/guarded.mjs'
import { hookErrors, reloads } from './lib/log.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]
const actions = pages.filter(({ method }) => method !== 'GET').map(keyOf)

for (const [app, outdated, position] of [
  ['worker', 'default', 'first'],
  ['hono', 'strict', 'last'],
]) {
  describe(`${app}, ignoreOutdatedRequests ${outdated}`, () => {
    const started = []
    const start = async (env) => {
      const server = await startApp({ app, env: { OUTDATED: outdated, ...env } })
      started.push(server)
      return server
    }
    after(() => Promise.all(started.map((server) => server.stop())))

    let bare
    let bareResults
    before(async () => {
      bare = await start({ EVENKEEL: 'off' })
      bareResults = await visitAll(bare, pages.slice(0, 8))
    })

    test('without Evenkeel first answers are wrong', () => {
      const wrong = bareResults.filter((result) => !isRight(result.page, result))
      assert.notDeepEqual(wrong.map(summary), [], 'these tests show nothing on a stack that is right by itself')
    })

    if (outdated === 'default') {
      test('without Evenkeel some answers come from a render that saw two generations', () => {
        assert.notDeepEqual(bareResults.filter(sawTwoGenerations).map(summary), [])
      })
    }

    for (const { title, env, adds } of [
      { title: `Evenkeel ${position} in the list of plugins`, env: guarded({ position }) },
      { title: 'Evenkeel where runs add, with nothing else', env: addingAlone(), adds: true },
    ]) {
      describe(title, () => {
        let server
        let results
        before(async () => {
          server = await start(env)
          results = await visitAll(server, pages)
        })
        after(() => server.stop())

        test('every first answer is right', () => {
          const wrong = results.filter((result) => !isRight(result.page, result))
          assert.deepEqual(wrong.map(summary), [])
        })

        test('no answer comes from a render that saw two generations', () => {
          // An action that has not failed is not run again, so that only a render can be asked for this.
          const renders = results.filter(({ page }) => page.method === 'GET' || page.usesReact)
          assert.deepEqual(renders.filter((result) => !reactCopies(result)).map(summary), [], 'all of them tell')
          assert.deepEqual(renders.filter(sawTwoGenerations).map(summary), [])
        })

        test(adds ? 'nothing was reloaded, and nobody was asked to come again' : 're-optimizations did happen, and were recovered from', () => {
          const reissued = results.filter(({ redirects }) => redirects > 0)
          if (adds) return assert.deepEqual([reloads(server.log()), reissued.map(summary)], [0, []])
          assert.ok(reissued.length > 0, 'the server was stable all the time')
          assert.ok(
            reissued.every(({ redirects, firstStatus }) => redirects === 1 && firstStatus === 307),
            JSON.stringify(reissued.map(summary)),
          )
        })

        if (adds) {
          test('every action ran once, and no environment was told to reload', async () => {
            const started = await counts(server)
            assert.deepEqual(actions.map((page) => [page, started[page] ?? 0]), actions.map((page) => [page, 1]))
            const told = JSON.parse((await visit(server, '/__reloads')).text)
            assert.deepEqual(Object.values(told).filter(Boolean), [], JSON.stringify(told))
            assert.equal(hookErrors(server.log()), 0, server.log())
          })
        }

        for (const path of ['/throws', '/status/500', '/nowhere']) {
          test(`what the app itself answers to ${path} is passed on unchanged`, async () => {
            const theirs = await visit(bare, path)
            const ours = await visit(server, path)
            assert.ok(theirs.status >= 400)
            assert.deepEqual(asSent(ours), asSent(theirs))
          })
        }
      })
    }
  })
}

/** How often React had been evaluated when the handler started, and when it answered. */
function reactCopies({ headers }) {
  const told = headers?.get('x-react-copies')?.split('/')
  return told && { atStart: told[0], atEnd: told[1] }
}

function sawTwoGenerations(result) {
  const copies = reactCopies(result)
  return copies !== undefined && copies.atStart !== copies.atEnd
}

function asSent({ status, text, headers }) {
  // How many generations a server has had is no part of the answer, and neither is the time of day.
  const { date, 'x-react-copies': _, ...rest } = Object.fromEntries(headers)
  return { status, text, headers: rest }
}

function summary({ page, firstStatus, status, redirects, headers, text }) {
  const copies = headers?.get('x-react-copies')
  return { page: keyOf(page), firstStatus, status, redirects, copies, text: text.slice(0, 200) }
}
