// Two workers of one Vite server: each has modules and an optimizer of its own, and what one meets late is no concern of the other.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { keyOf, latePages, otherMethodPages } from '../apps/pages/table.mjs'
import { startApp } from './lib/app.mjs'
import { defaults, guarded, reloading } from './lib/guarded.mjs'
import { trouble } from './lib/log.mjs'
import { counts, isRight, visit, visitAll } from './lib/visit.mjs'

const pages = [...latePages, ...otherMethodPages]
const onceEach = Object.fromEntries(pages.map((page) => [keyOf(page), 1]))
const throughEntry = pages.map((page) => ({ ...page, path: `/aux${page.path}` }))

const entry = 'evenkeel_fixture_entry'
const auxiliary = 'evenkeel_fixture_auxiliary'

/** How many `full-reload`s each worker was sent. */
async function sentReloads(server) {
  const { client, ssr, ...sent } = JSON.parse((await visit(server, '/__reloads')).text)
  return sent
}

/** How often Vite re-optimized each worker in a way that takes a reload. */
function runs(server) {
  const of = (name) => server.log().split(`(${name}) optimized dependencies changed. reloading`).length - 1
  return { [entry]: of(entry), [auxiliary]: of(auxiliary) }
}

for (const [first, name] of [
  [entry, 'the entry worker before the other'],
  [auxiliary, 'the other worker before the entry worker'],
]) {
  describe(`late dependencies are recovered from, ${name}`, () => {
    const [firstPages, secondPages] = first === entry ? [pages, throughEntry] : [throughEntry, pages]
    const second = first === entry ? auxiliary : entry
    let server
    let results
    let sentBetween
    before(async () => {
      server = await startApp({ app: 'two-workers', env: guarded() })
      results = await visitAll(server, firstPages)
      sentBetween = await sentReloads(server)
      results.push(...(await visitAll(server, secondPages)))
    })
    after(() => server?.stop())

    test('every first answer is right', () => assert.deepEqual(wrong(results), []))

    test('some of both workers were re-issued', () => {
      for (const pages of [firstPages, secondPages]) {
        assert.ok(
          results.some(({ page, redirects }) => pages.includes(page) && redirects > 0),
          'nothing was late: this test shows nothing',
        )
      }
    })

    test('no answer comes from a render that saw two generations', () => {
      // An action that has not failed is not run again, so that only a render can be asked for this.
      const renders = results.filter(({ page }) => page.method === 'GET' || page.usesReact)
      assert.deepEqual(renders.filter(sawTwoGenerations).map(summary), [])
    })

    test('the second worker is not reloaded for what the first one meets', () => {
      assert.equal(sentBetween[second], 0)
      assert.ok(sentBetween[first] > 0)
    })

    test('nor the first one for what the second one meets', async () => {
      const sent = await sentReloads(server)
      assert.equal(sent[first], sentBetween[first])
      assert.ok(sent[second] > 0)
      assert.deepEqual(sent, runs(server), 'each reload is an optimizer run of the same worker')
    })
  })
}

for (const [how, env, most] of [['foreseen', reloading(), 1], ['added', defaults(), 0]]) {
  describe(`late dependencies are ${how} in both workers`, () => {
    let server
    let results
    before(async () => {
      server = await startApp({ app: 'two-workers', env })
      const inTurn = pages.flatMap((page, at) => [page, throughEntry[at]])
      results = await visitAll(server, inTurn)
    })
    after(() => server?.stop())

    test('every first answer is right, and is no redirect', () => {
      assert.deepEqual(wrong(results), [])
      assert.deepEqual(results.filter(({ redirects }) => redirects > 0).map(summary), [])
    })

    test('every handler of both workers started exactly once', async () => {
      assert.deepEqual(await counts(server), onceEach)
      assert.deepEqual(await counts({ ...server, url: `${server.url}/aux` }), onceEach)
    })

    test(`each worker is reloaded at most ${most} times, and for an optimizer run of its own`, async () => {
      const sent = await sentReloads(server)
      assert.deepEqual(sent, runs(server))
      assert.ok(sent[entry] <= most && sent[auxiliary] <= most, server.log())
    })

    test('nothing in the terminal looks like trouble', () => assert.deepEqual(trouble(server.log()), []))
  })
}

function sawTwoGenerations({ headers }) {
  const [atStart, atEnd] = headers.get('x-react-copies').split('/')
  return atStart !== atEnd
}

const wrong = (results) => results.filter((result) => !isRight(result.page, result)).map(summary)

function summary({ page, firstStatus, status, redirects, headers, text }) {
  return { page: keyOf(page), firstStatus, status, redirects, copies: headers?.get('x-react-copies'), text: text.slice(0, 200) }
}
