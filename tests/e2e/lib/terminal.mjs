// A terminal as people have it: a real pseudo-terminal, made by `script`, and xterm.js that draws what comes out of it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { appsFolder } from './paths.mjs'
import { endWithUs, killGroup } from './process-group.mjs'
import { settles, until } from './waiting.mjs'

const columns = 80
const rows = 44
const xterm = (file) => path.join(appsFolder, '../node_modules/@xterm/xterm', file)

export async function openTerminal(browser) {
  const { page } = await browser.openTab()
  await page.setViewportSize({ width: 800, height: 900 })
  await page.setContent('<!doctype html><title>Terminal</title><body style="margin: 16px; background: #1e1e1e">')
  await page.addStyleTag({ path: xterm('css/xterm.css') })
  await page.addScriptTag({ path: xterm('lib/xterm.js') })
  await page.evaluate((size) => {
    globalThis.terminal = new globalThis.Terminal({ ...size, theme: { background: '#1e1e1e' } })
    globalThis.terminal.open(document.body)
  }, { cols: columns, rows })

  /** What is on the screen and above it; a line that is longer than the terminal is wide goes on in one that is `wrapped`. */
  const lines = () =>
    page.evaluate(() => {
      const { active } = globalThis.terminal.buffer
      const all = Array.from({ length: active.length }, (_, at) => active.getLine(at))
      return all.map((line) => ({ text: line.translateToString(true), wrapped: line.isWrapped }))
    })

  return {
    page,
    lines,
    shows: (pattern) => until(`the terminal shows ${pattern}`, async () => (await lines()).some(({ text }) => pattern.test(text))),
    /** Runs a command of the shell; `end()` it, or wait until it has `ended`. */
    run(command, { cwd, env = {} }) {
      const child = spawn('script', ['--quiet', '--flush', '--return', '--command', `stty cols ${columns} rows ${rows}; ${command}`, '/dev/null'], {
        cwd,
        detached: true,
        stdio: ['pipe', 'pipe', 'inherit'],
        env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
      })
      endWithUs(child)
      let drawn = Promise.resolve()
      child.stdout.on('data', (bytes) => {
        const text = bytes.toString('latin1')
        drawn = drawn.then(() => page.evaluate(draw, text))
      })
      // Not when it exits: what it has printed last may still be on its way.
      const ended = once(child, 'close').then(async ([code]) => {
        await drawn
        return code
      })
      return {
        ended,
        /** As a person does: Ctrl+C. */
        async end() {
          child.stdin.write('\u0003')
          if (!(await settles(ended, 5_000))) killGroup(child)
          return ended
        },
      }
    },
    close: () => page.close(),
  }
}

/** Runs in the page, which is given bytes as the characters of the same numbers. */
function draw(text) {
  return new Promise((resolve) => globalThis.terminal.write(Uint8Array.from(text, (character) => character.charCodeAt(0)), resolve))
}
