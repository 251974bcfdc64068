// A framework may make several servers with one list of plugins, for the client and for the server: what a hook sees belongs to the
// server of its environment.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { evenkeel } from '../../clients/vite/dist/index.js'
import { evenkeel as command } from './lib/command.mjs'
import { appsFolder } from './lib/paths.mjs'
import { createSsrServer } from './lib/ssr-server.mjs'
import { until } from './lib/waiting.mjs'

test('the importer of a late dependency is told to the server that has met it', async () => {
  const folder = await mkdtemp(path.join(appsFolder, '.tmp-servers-'))
  const plugins = evenkeel({ log: 'silent', foresee: false })
  const open = async (name) => {
    const root = path.join(folder, name)
    await mkdir(root)
    await writeFile(path.join(root, 'early.js'), "export { klona } from 'klona'\n")
    await writeFile(path.join(root, 'late.js'), "export { nanoid } from 'nanoid'\n")
    return createSsrServer(root, plugins)
  }
  const servers = [await open('first'), await open('second')]
  try {
    const [{ config, environments }] = servers
    const optimized = (id) => until(`${id} is optimized`, () => environments.ssr.depsOptimizer.metadata.optimized[id])
    await environments.ssr.transformRequest('/early.js')
    await optimized('klona')
    await environments.ssr.transformRequest('/late.js')
    await optimized('nanoid')
    const record = await until('there is a record', async () => {
      const { stdout } = await command('status', '--json', '--root', config.root)
      return JSON.parse(stdout || '{}').records?.find(({ dependencies }) => dependencies.some(({ id }) => id === 'nanoid'))
    })
    assert.equal(record.dependencies[0].importer?.file, path.join(config.root, 'late.js'))
  } finally {
    for (const server of servers) await server.close()
    await rm(folder, { recursive: true, force: true })
  }
})
