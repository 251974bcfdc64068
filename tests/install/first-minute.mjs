// docs/first-minute.md, typed in an empty folder with one registry: from nothing to a late dependency that reloads nothing.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBrowser } from '../e2e/lib/browser.mjs'
import { endWithUs } from '../e2e/lib/process-group.mjs'
import { until } from '../e2e/lib/waiting.mjs'
import { clean } from './lib/managers.mjs'
import { sharedRegistry } from './lib/registry.mjs'
import { end } from './lib/run.mjs'
import { blocks, commands, patched, script, shown } from './lib/transcript.mjs'

const page = fileURLToPath(new URL('../../docs/first-minute.md', import.meta.url))

test('four commands from an empty folder to a late dependency that reloads nothing', async () => {
  const [typed, told] = await blocks(page, 'console')
  const [change] = await blocks(page, 'diff')
  assert.equal(commands(typed).length, 4)

  const registry = await sharedRegistry()
  const terminal = await openTerminal(registry, script(typed))
  const browser = await openBrowser()
  try {
    await terminal.shows(typed)
    const { page, documents, trouble } = await browser.openTab()
    const counter = page.locator('button.counter')
    await page.goto(terminal.log().match(/Local:\s+(\S+)/)[1])
    await counter.click()
    await until('it counts', async () => (await counter.textContent()) === 'Count is 1')

    const source = path.join(registry.folder, 'empty/app/src/App.jsx')
    await writeFile(source, patched(await readFile(source, 'utf8'), change))
    await terminal.shows(told)
    await until('the page shows both', async () => (await counter.textContent()) === 'Count is 1 aaaaa', { within: 30_000 })
    assert.deepEqual(documents, [200], 'the page was loaded once')
    assert.deepEqual(trouble, [])
  } catch (error) {
    throw new Error(`${error.message}\n${terminal.log()}`)
  } finally {
    await browser.close()
    await terminal.close()
  }
})

async function openTerminal(registry, script) {
  const cwd = path.join(registry.folder, 'empty')
  await mkdir(cwd)
  // npm asks whether it may fetch `create-vite`.
  const npm = { npm_config_yes: 'true', npm_config_cache: path.join(registry.folder, 'npm'), npm_config_audit: 'false' }
  const env = clean({ npm_config_registry: registry.url, ...npm })
  const shell = spawn('bash', ['-c', script], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  endWithUs(shell)
  let log = ''
  for (const stream of [shell.stdout, shell.stderr]) stream.setEncoding('utf8').on('data', (text) => (log += text))
  const sees = (block) => shown(block).test(log) || shell.exitCode !== null
  async function shows(block) {
    await until(`the terminal shows\n${block}`, () => sees(block), { within: 240_000, every: 100 })
    assert.match(log, shown(block))
  }
  return { shows, log: () => log, close: () => end(shell) }
}
