// Parts of the extension for VS Code that need no VS Code: which program it starts, and how it shows trouble.
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { MissingBinary, findBinary } from '../../clients/vscode/dist/modules/binary.js'
import { statusBarContent } from '../../clients/vscode/dist/modules/status.js'

test('trouble is shown whatever it is about', () => {
  const activity = { title: 'stable' }
  const warning = statusBarContent({ health: 'warning', quiescent: true, message: 'the last optimizer run failed', activity })
  assert.deepEqual(warning, { text: '$(warning) Evenkeel', tooltip: 'Evenkeel: the last optimizer run failed', tone: 'warning' })
  const error = statusBarContent({ health: 'error', quiescent: true, message: 'gone' })
  assert.deepEqual(error, { text: '$(error) Evenkeel', tooltip: 'Evenkeel: gone', tone: 'error' })
})

describe('the binary is found', () => {
  const around = { configured: '', folders: [], env: {}, platform: 'linux', arch: 'x64' }
  let folder
  const inFolder = (name) => path.join(folder, name)
  const executable = async (name) => {
    await mkdir(path.dirname(inFolder(name)), { recursive: true })
    await writeFile(inFolder(name), '')
    await chmod(inFolder(name), 0o755)
    return inFolder(name)
  }
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-binary-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('by the setting before all others, by the PATH behind them', async () => {
    const configured = await executable('configured')
    const named = await executable('named')
    const installed = await executable('app/node_modules/@evenkeel/linux-x64/bin/evenkeel')
    const onPath = await executable('bin/evenkeel')
    const all = {
      ...around,
      configured,
      folders: [folder, inFolder('app')],
      env: { EVENKEEL_BINARY: named, PATH: `${inFolder('nowhere')}${path.delimiter}${inFolder('bin')}` },
    }
    assert.equal(findBinary(all), configured)
    assert.equal(findBinary({ ...all, configured: 'configured' }), configured)
    assert.equal(findBinary({ ...all, configured: '' }), named)
    const { PATH } = all.env
    assert.equal(findBinary({ ...all, configured: '', env: { PATH } }), installed)
    assert.equal(findBinary({ ...all, configured: '', env: { PATH }, folders: [folder] }), onPath)
  })

  test('where pnpm has put it', async () => {
    const store = 'pnpm/node_modules/.pnpm/evenkeel@1/node_modules'
    const stored = await executable(`${store}/@evenkeel/linux-x64/bin/evenkeel`)
    await mkdir(inFolder(`${store}/evenkeel`))
    await symlink(inFolder(`${store}/evenkeel`), inFolder('pnpm/node_modules/evenkeel'))
    assert.equal(findBinary({ ...around, folders: [inFolder('pnpm')] }), stored)
  })

  test('or it is said what to do', () => {
    const problem = (different) => {
      try {
        return findBinary({ ...around, ...different })
      } catch (error) {
        assert.ok(error instanceof MissingBinary)
        return error.message
      }
    }
    assert.match(problem({}), /^The program evenkeel was not found\. Install @evenkeel\/linux-x64 .* evenkeel\.binary\.$/)
    assert.match(problem({ configured: '/no/such' }), /^The setting evenkeel\.binary names \/no\/such, which does not exist\./)
    assert.match(problem({ env: { EVENKEEL_BINARY: '/no/such' } }), /^EVENKEEL_BINARY names \/no\/such, which does not exist\./)
  })
})
