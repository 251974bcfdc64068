// A real Neovim beside a real dev server without foresight: what a developer sees of a dependency that a request meets late, and how
// it is late no more.
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, describe, test } from 'node:test'
import { spareDeps } from '../apps/pages/table.mjs'
import { evenkeel } from './lib/command.mjs'
import { draft, openSession, shows } from './lib/drafts.mjs'
import { saveLine } from './lib/log.mjs'
import { openNeovim } from './lib/neovim.mjs'
import { binary } from './lib/paths.mjs'
import { childrenOf, commandOf, isRunning } from './lib/processes.mjs'
import { printed, until } from './lib/waiting.mjs'
import { writtenConfig } from './lib/written-config.mjs'

const environment = 'evenkeel_fixture_worker'
const stable = 'evenkeel ✓'
const late = spareDeps.find(({ dep }) => dep === '@radix-ui/react-dialog')
const plugin = fileURLToPath(new URL('../../clients/nvim', import.meta.url))

/** The system's is 0.7.2 on Debian 12; `cargo xtask test e2e` brings a newer one where PyPI has it. */
const neovims = { "the system's Neovim": 'nvim' }
if (process.platform === 'linux' && process.arch === 'x64')
  neovims['Neovim 0.11'] = fileURLToPath(new URL('../../target/neovim/bin/nvim', import.meta.url))

/** What the floating window shows, if there is one. */
const floatingText = `
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false)
      vim.api.nvim_win_close(window, true)
      return table.concat(lines, ' ')
    end
  end
  return ''
`

for (const [what, program] of Object.entries(neovims)) describe(what, () => story(program))

function story(program) {
  let session
  let neovim
  let programs
  const next = draft(1, [late])
  const row = next.source.split('\n').indexOf(late.imports)
  /** As `cursor()` counts. */
  const importAt = [row + 1, late.imports.indexOf(late.dep) + 1]

  before(async () => {
    session = await openSession('worker', { env: {}, config: writtenConfig })
    programs = await standInBrowser()
    neovim = await openNeovim({ program, cwd: session.root, env: { PATH: `${programs.folder}${path.delimiter}${process.env.PATH}` } })
    await neovim.lua("vim.opt.runtimepath:append((...)); vim.cmd('filetype plugin on')", plugin)
    await neovim.lua("require('evenkeel').setup({ cmd = { ..., 'lsp' } })", binary)
  })
  after(async () => {
    await neovim?.close()
    await session?.close()
    await programs?.remove()
  })

  /** Evenkeel's memory, too, which would have the same effect as the config. */
  const forgetDependencies = () => rm(session.cacheDir, { recursive: true })
  const edit = (file) => neovim.lua("vim.cmd('edit ' .. vim.fn.fnameescape((...)))", session.inRoot(file))
  const write = (source) =>
    neovim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, (...)); vim.cmd('silent write')", source.trimEnd().split('\n'))
  const statusline = () => neovim.lua("return require('evenkeel').statusline()")
  const shownStatus = (text) => until(`the statusline says ${text}`, async () => (await statusline()) === text)
  const diagnostics = () => neovim.lua("return vim.diagnostic.get(vim.fn.bufnr((...)))", session.inRoot('src/draft.tsx'))
  const languageServers = async () => childrenOf(await neovim.lua('return vim.fn.getpid()')).filter((pid) => commandOf(pid).endsWith(' lsp'))

  test('finds the program where it is installed', async () => {
    await neovim.lua('vim.env.EVENKEEL_BINARY = nil')
    const find = (folder) => neovim.lua("return require('evenkeel.binary').find((...))", folder)
    const installed = session.inRoot(`node_modules/@evenkeel/${process.platform}-${process.arch}/bin/evenkeel`)
    assert.notEqual(await find(session.root), installed)
    await mkdir(path.dirname(installed), { recursive: true })
    await writeFile(installed, '')
    await chmod(installed, 0o755)
    assert.equal(await find(session.inRoot('src')), installed)
    const store = session.inRoot('pnpm/node_modules/.pnpm/evenkeel@1/node_modules')
    const stored = path.join(store, `@evenkeel/${process.platform}-${process.arch}/bin/evenkeel`)
    await mkdir(path.dirname(stored), { recursive: true })
    await writeFile(stored, '')
    await chmod(stored, 0o755)
    await mkdir(path.join(store, 'evenkeel'))
    await symlink(path.join(store, 'evenkeel'), session.inRoot('pnpm/node_modules/evenkeel'))
    assert.equal(await find(session.inRoot('pnpm')), stored, 'where pnpm has put it')
    await neovim.lua('vim.env.EVENKEEL_BINARY = ...', binary)
    assert.equal(await find(session.root), binary)
  })

  test('joins the running dev server when a file is opened', async () => {
    assert.equal(await statusline(), '')
    await edit('src/draft.tsx')
    await shownStatus(stable)
    await edit('src/home.tsx')
    await edit('src/draft.tsx')
    assert.equal((await languageServers()).length, 1, 'one language server for the whole app')
  })

  test('the statusline goes with a re-optimization', async () => {
    await recordStatusline()
    await Promise.all([printed(session.server, saveLine), write(next.source)])
    const answer = await session.ask()
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    assert.equal(answer.redirects, 1, 'the dependency was met late')
    await shownStatus(stable)
    const seen = await neovim.lua('return Seen')
    assert.equal(seen[0], stable)
    assert.ok(seen.includes(`evenkeel … re-optimizing ${environment}`), JSON.stringify(seen))
  })

  test('the import is marked, and tells its history', async () => {
    const [marked, ...others] = await until('there is a diagnostic', async () => {
      const found = await diagnostics()
      return found.length > 0 && found
    })
    assert.deepEqual(others, [])
    const start = late.imports.indexOf(late.dep)
    assert.deepEqual([marked.lnum, marked.source, marked.code, marked.severity], [row, 'evenkeel', 'late-dependency', 3])
    assert.ok(marked.col <= start && start < marked.end_col, JSON.stringify(marked))
    await neovim.lua('vim.fn.cursor(...); vim.lsp.buf.hover()', ...importAt)
    const hover = await until('there is a hover', () => neovim.lua(floatingText))
    assert.match(hover, new RegExp(late.dep))
  })

  test('the next cold start meets it late again', async () => {
    await session.restart(forgetDependencies)
    const answer = await session.ask()
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    assert.equal(answer.redirects, 1)
    await until('the import is marked again', async () => (await diagnostics()).length === 1)
  })

  test('a code action adds it to the config, and it is late no more', async () => {
    await neovim.lua(`
      vim.ui.select = function(items, options, choose)
        Offered = vim.tbl_map(options.format_item, items)
        choose(items[1])
      end
      vim.fn.cursor(...)
      vim.lsp.buf.code_action()
    `, ...importAt)
    const offered = await until('there is a code action', () => neovim.lua('return Offered'))
    assert.deepEqual(offered, [`Add \`${late.dep}\` to optimizeDeps.include of \`${environment}\``])
    const changed = () => neovim.lua('return vim.tbl_map(function(found) return vim.fn.bufname(found.bufnr) end, vim.fn.getbufinfo({ bufmodified = 1 }))')
    await until('the config is changed', async () => (await changed()).some((name) => name.endsWith('vite.config.mjs')))
    await session.restart(async () => {
      await neovim.lua("vim.cmd('silent wall')")
      assert.match(await readFile(session.inRoot('vite.config.mjs'), 'utf8'), new RegExp(`include: \\['${late.dep}'\\]`))
      await forgetDependencies()
    })
    const answer = await session.ask()
    assert.ok(shows(next, answer), `${answer.status} ${answer.text}`)
    assert.equal(answer.redirects, 0)
    await shownStatus(stable)
    await until('no import is marked', async () => (await diagnostics()).length === 0)
    const { stdout } = await evenkeel('status', '--json', '--root', session.root)
    const met = JSON.parse(stdout).records.flatMap(({ dependencies }) => dependencies.map(({ id }) => id))
    assert.ok(!met.includes(late.dep), stdout)
  })

  test(':EvenkeelTimeline opens a browser', async () => {
    await neovim.lua("vim.cmd('EvenkeelTimeline')")
    const url = await until('a browser is opened', () => programs.opened())
    assert.match(url, new RegExp(`^http://(?:localhost|127\\.0\\.0\\.1):${session.server.port}/__evenkeel/$`))
  })

  test(':EvenkeelRestart restarts the dev server', async () => {
    await Promise.all([printed(session.server, /server restarted/), neovim.lua("vim.cmd('EvenkeelRestart')")])
    await shownStatus(stable)
  })

  test('says nothing without a dev server, and leaves nothing behind', async () => {
    await session.server.stop()
    await shownStatus('')
    const [pid] = await languageServers()
    await neovim.close()
    await until('the language server has ended', () => !isRunning(pid))
  })

  /** In Neovim itself, because a re-optimization may be shorter than the way there and back. */
  const recordStatusline = () =>
    neovim.lua(`
      Seen = {}
      vim.loop.new_timer():start(0, 5, vim.schedule_wrap(function()
        local text = require('evenkeel').statusline()
        if Seen[#Seen] ~= text then table.insert(Seen, text) end
      end))
    `)
}

/** Writes down the URL that it is given. */
async function standInBrowser() {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-browser-'))
  const url = path.join(folder, 'url')
  const program = path.join(folder, 'xdg-open')
  await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$1" >'${url}'\n`)
  await chmod(program, 0o755)
  return {
    folder,
    opened: () => readFile(url, 'utf8').then((text) => text.endsWith('\n') && text.trim(), () => false),
    remove: () => rm(folder, { recursive: true }),
  }
}
