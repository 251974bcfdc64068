// The page that shows what happens, in a real browser and while it happens.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import { latePages, spareDeps } from '../apps/pages/table.mjs'
import { copyApp, newCacheDir } from './lib/app.mjs'
import { openBrowser } from './lib/browser.mjs'
import { draft, openSession } from './lib/drafts.mjs'
import { adding, guarded } from './lib/guarded.mjs'
import { perTest } from './lib/per-test.mjs'
import { ended, sidecarOfSoon } from './lib/processes.mjs'
import { screenshot } from './lib/screenshots.mjs'
import { until } from './lib/waiting.mjs'
import { isRight, visit } from './lib/visit.mjs'
import { writtenConfig } from './lib/written-config.mjs'

const stopsWithin = 5_000
/** So long that each phase after a reload can be looked at. */
const quiet = 1_500

const toggle = latePages.find(({ path }) => path === '/late/toggle')
const include = (dep) => new RegExp(`^environments: \\{ '?\\w+'?: \\{ optimizeDeps: \\{ include: \\['${dep}'\\] \\} \\} \\}$`)

const { cleanUp, start } = perTest()

describe('in a browser', () => {
  let browser
  before(async () => {
    browser = await openBrowser()
  })
  after(() => browser?.close())

  /** A tab with the inspector, connected; what a person would find wrong in its console is its `complaints`. */
  async function inspect(app) {
    const { page, trouble } = await browser.openTab()
    cleanUp(() => page.close())
    const complaints = trouble
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    await page.goto(`${app.url}/__evenkeel/`)
    return { page, complaints }
  }

  const stateOf = (page) => page.getByRole('status').innerText()
  const says = (page, pattern) => until(`the page says ${pattern}`, async () => (await stateOf(page)).match(pattern))
  const troubled = (page, pattern) => until(`the page tells of ${pattern}`, async () => pattern.test(await page.locator('#trouble').innerText()))
  const running = (page) => page.locator('[data-running=true]')
  const finished = (page, dep) => page.locator('[data-running=false]', { hasText: dep })

  /** What axe finds wrong with the page as it is, in both colour schemes: contrast, names, roles. */
  async function isAccessible(page, state) {
    await page.evaluate(axe.source)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const { violations } = await page.evaluate(() => globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }))
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`))
      assert.deepEqual(found, [], `${state}, ${colorScheme}`)
    }
  }

  /** Where the parts of the page are, of which none may move while something is going on. */
  const placesOf = (page) =>
    page.evaluate(() =>
      ['#state', '#counts', '#environments-heading', '#environments', '#records-heading', '#chart'].map((selector) => {
        const { top, left, width } = document.querySelector(selector).getBoundingClientRect()
        return [selector, top, left, width].join(' ')
      }),
    )
  const cellOf = (row, label) => row.locator(`[data-label="${label}"]`).innerText()

  for (const [what, pathname] of [['', ''], [', below a base', '/app/']]) {
    test(`a re-optimization is shown while it happens, and what it was${what}`, async () => {
      const app = await start({ env: { ...guarded({ quiet }), BASE: pathname } })
      assert.equal((await visit(app, '/')).status, 200)
      const { page, complaints } = await inspect(app)
      await says(page, /^Stable$/)
      assert.equal(await page.locator('#none').isVisible(), true)
      if (!pathname) await isAccessible(page, 'nothing has happened')
      const before = await placesOf(page)

      const visited = visit(app, toggle)
      await running(page).waitFor()
      await says(page, /^Re-optimizing \w+: @radix-ui\/react-toggle, imported by /)
      await running(page).locator('[data-label=Happened]', { hasText: /reloading|settling/ }).waitFor()
      assert.deepEqual(await placesOf(page), before, 'nothing has moved')
      await screenshot(page, `during${pathname && '-base'}`)
      assert.ok(isRight(toggle, await visited))

      const row = finished(page, toggle.dep)
      await row.waitFor()
      await says(page, /^Stable$/)
      assert.deepEqual(await placesOf(page), before, 'nothing has moved')
      assert.deepEqual((await cellOf(row, 'Happened')).split(/\n+/), ['Answered again', '1 request answered again', `GET ${pathname.slice(0, -1)}${toggle.path}`])
      assert.match(await cellOf(row, 'Lost'), /^[\d.]+ m?s$/)
      assert.notEqual(await cellOf(row, 'Lost'), '0 ms')
      assert.equal(await page.locator('[data-count=lost]').innerText(), await cellOf(row, 'Lost'))
      assert.equal(await page.locator('[data-met=recovered]').innerText(), '1')
      assert.ok(await page.locator('rect[data-way=recovered]').count() > 0, 'the chart has a bar for it')
      assert.match(await cellOf(row, 'Dependencies'), /@radix-ui\/react-toggle imported by\s+\.\.\/pages\/get\/toggle\.tsx:\d+:\d+/)
      await until('the counts follow', async () => (await page.locator('[data-count=recovered]').innerText()) === '1')

      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await row.getByRole('button', { name: 'Copy the include line for @radix-ui/react-toggle' }).click()
      await row.getByText('Copied').waitFor()
      const copied = () => page.evaluate(() => navigator.clipboard.readText())
      assert.match(await copied(), include(toggle.dep))
      await page.evaluate(() => navigator.clipboard.writeText(''))
      await page.getByRole('button', { name: 'Copy all include lines' }).click()
      await until('it is copied', async () => include(toggle.dep).test(await copied()))

      let opened
      await page.route('**/__open-in-editor?*', (route) => {
        opened = new URL(route.request().url())
        return route.fulfill({ status: 200 })
      })
      await row.getByRole('button', { name: /^Open .*toggle\.tsx:\d+:\d+ in the editor$/ }).click()
      await until('the importer is opened', () => opened)
      assert.equal(opened.pathname, `${pathname || '/'}__open-in-editor`)
      assert.match(opened.searchParams.get('file'), /^\/.*\/pages\/get\/toggle\.tsx:\d+:\d+$/)
      if (!pathname) await isAccessible(page, 'something has happened')
      assert.deepEqual(complaints, [])
    })
  }

  test('a layer that is added, and a run that bundles everything again, with its reason', async () => {
    const cacheDir = await newCacheDir()
    cleanUp(() => rm(cacheDir, { recursive: true, force: true }))
    const app = await start({ env: adding(), cacheDir })
    const { page, complaints } = await inspect(app)
    const [added, fallen] = latePages.filter(({ usesReact }) => usesReact)
    assert.ok(isRight(added, await visit(app, added)))
    const row = finished(page, added.dep)
    await row.waitFor()
    assert.deepEqual((await cellOf(row, 'Happened')).split(/\n+/), ['Added', 'Nothing reloaded'])
    assert.equal(await cellOf(row, 'Lost'), '0 ms')
    assert.match(await cellOf(row, 'Dependencies'), /\d+ modules? in [\d.]+ m?s, beside what was there$/, 'and nothing is advised')
    await page.getByRole('rowheader', { name: 'evenkeel_fixture_worker (adds)' }).waitFor()

    await rm(path.join(cacheDir, 'deps_evenkeel_fixture_worker', '_evenkeel.json'))
    assert.ok(isRight(fallen, await visit(app, fallen)))
    const again = finished(page, fallen.dep)
    await again.waitFor()
    assert.match(await cellOf(again, 'Dependencies'), /Everything was bundled again: the manifest is missing, /)
    assert.equal(await page.locator('[data-count=manifestMissing]').innerText(), '1')
    assert.deepEqual(complaints, [])
  })

  test('a save that imports something new is added; light, dark and narrow', async () => {
    const session = await openSession('worker')
    cleanUp(() => session.close())
    const { page, complaints } = await inspect(session.server)
    await says(page, /^Stable$/)
    const spares = spareDeps.filter(({ dep }) => ['valtio', 'use-debounce'].includes(dep))
    const saved = draft(1, spares)
    await session.save(saved)
    const row = finished(page, 'valtio').first()
    await row.waitFor()
    await session.comesTo(saved)
    assert.match(await cellOf(row, 'Happened'), /^Added\n/)
    assert.match(await cellOf(row, 'Dependencies'), /valtio imported by\s+src\/draft\.tsx:2:\d+/)

    const backgrounds = []
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      await screenshot(page, colorScheme)
      backgrounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor))
    }
    assert.notEqual(backgrounds[0], backgrounds[1])
    await page.setViewportSize({ width: 380, height: 844 })
    await screenshot(page, 'narrow')
    await isAccessible(page, 'narrow')
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(overflow <= 0, `${overflow} pixels too wide`)
    assert.deepEqual(complaints, [])
  })

  test('a sidecar that ends, comes again, and is given up', async () => {
    const app = await start({ env: guarded({ callDeadline: 5_000, log: 'warn' }) })
    const { page, complaints } = await inspect(app)
    for (let life = 1; life <= 4; life++) {
      const sidecar = await sidecarOfSoon(app)
      assert.equal((await visit(app, '/')).status, 200)
      await says(page, /^Stable$/)
      process.kill(sidecar, 'SIGKILL')
      await ended(sidecar)
      // The first successor may be there before anybody has read that it was needed.
      if (life === 2 || life === 3) await troubled(page, /^Evenkeel is being started\s+The sidecar ended \(SIGKILL\)\. It is being restarted/)
    }
    await troubled(page, /goes on without Evenkeel until it is restarted\.\s+Do what the line above says\./)
    assert.match(await page.locator('#as-it-was').innerText(), /^As it was at \d/)
    await screenshot(page, 'gone')
    await isAccessible(page, 'gone')
    assert.deepEqual(complaints, [])
  })

  test('a sidecar that was never there', async () => {
    const app = await start({ env: { ...guarded(), EVENKEEL_BINARY: '/nonexistent' } })
    const { page } = await inspect(app)
    await troubled(page, /^Evenkeel is not running; Vite goes on without it\s+EVENKEEL_BINARY names \/nonexistent, which does not exist/)
    await says(page, /^Evenkeel is not running$/)
    assert.equal(await page.locator('#counts').isVisible(), false, 'nothing is known, not even that there was nothing')
    assert.equal(await page.locator('#none').isVisible(), false)
    await page.setViewportSize({ width: 380, height: 844 })
    await screenshot(page, 'error')
    await isAccessible(page, 'error')
  })

  test('a late dependency is added to the config from the page, and what was before stays to be seen', async () => {
    const { root, remove } = await copyApp('worker')
    cleanUp(remove)
    const file = path.join(root, 'vite.config.mjs')
    await writeFile(file, writtenConfig)
    const app = await start({ root })
    const { page, complaints } = await inspect(app)
    await says(page, /^Stable$/)
    assert.ok(isRight(toggle, await visit(app, toggle)))
    const row = finished(page, toggle.dep).first()
    await row.getByRole('button', { name: `Add to config: ${toggle.dep}` }).click()
    await page.getByText('Added to vite.config.mjs. Vite restarts.').waitFor()
    assert.match(await readFile(file, 'utf8'), new RegExp(`include: \\['${toggle.dep}'\\]`))
    await until('Vite has restarted', () => /server restarted/.test(app.log()))
    await says(page, /^Stable$/)

    // Another option is another sidecar.
    await writeFile(file, (await readFile(file, 'utf8')).replace('foresee: false', 'foresee: false, quiet: 21'))
    await until('Vite has restarted again', () => app.log().split('server restarted').length > 2)
    await until('the sidecar is another one', async () => (await page.locator('[data-count=reoptimizations]').innerText()) === '0')
    assert.equal(await finished(page, toggle.dep).count(), 1)
    assert.match(await page.locator('[data-count=lost]').innerText(), /^[1-9]/)
    await screenshot(page, 'history')
    assert.deepEqual(complaints.filter((text) => !/ERR_|connection/i.test(text)), [])
  })

  test("another site's page may lead there, and see nothing", async () => {
    const app = await start({ env: guarded() })
    const inspector = `${app.url}/__evenkeel/`
    const foreign = http.createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<a href="${inspector}">there</a><iframe src="${inspector}"></iframe><script src="${inspector}page.js"></script>
        <script>
          new EventSource('${inspector}events')
          fetch('${inspector}', { mode: 'no-cors' })
        </script>`)
    })
    foreign.listen(0, '127.0.0.1')
    cleanUp(() => foreign.close())
    await once(foreign, 'listening')
    const { page } = await browser.openTab()
    cleanUp(() => page.close())
    const statuses = []
    page.on('response', (response) => response.url().startsWith(inspector) && statuses.push(response.status()))
    // For a browser, the name and the address are two sites.
    await page.goto(`http://localhost:${foreign.address().port}/`)
    await until('all four are answered', () => statuses.length >= 4)
    assert.deepEqual(statuses, [403, 403, 403, 403])
    await page.getByText('there').click()
    await says(page, /^Stable$/)
  })

  test('Vite restarts in place, and stops, while somebody looks', async () => {
    const { root, remove } = await copyApp('worker')
    cleanUp(remove)
    const app = await start({ root, env: guarded() })
    const { page } = await inspect(app)
    await says(page, /^Stable$/)
    const now = new Date()
    await utimes(path.join(root, 'vite.config.mjs'), now, now)
    await says(page, /^Not connected$/)
    await says(page, /^Stable$/)
    assert.equal(await page.locator('#trouble').isVisible(), false)

    const startedAt = performance.now()
    const { forced } = await app.stop()
    assert.equal(forced, false, 'it had to be killed')
    const took = performance.now() - startedAt
    assert.ok(took < stopsWithin, `${took} ms`)
    await troubled(page, /^The dev server does not answer\s/)
    await isAccessible(page, 'not connected')
  })
})
