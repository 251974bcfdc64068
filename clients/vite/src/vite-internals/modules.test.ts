import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Plugin, createServer } from 'vite'
import { expect, test } from 'vitest'
import { importsOf, modulesOf } from './modules.js'

const files = {
  'main.js':
    "import './style.css'\nimport { a } from './a.js'\nimport text from './notes.md'\nimport('./later.js')\nconsole.log(a, text)\n",
  'style.css': 'p { color: red }\n',
  'a.js': 'export const a = 1\n',
  'later.js': '',
  'notes.md': 'notes\n',
  'server.js': "import 'vite'\n",
}

/** As Tailwind has the app's files watched for a stylesheet, and others what they read for a script. */
const watching: Plugin = {
  name: 'test:watching',
  enforce: 'pre',
  transform(_, id) {
    if (/main\.js$|style\.css$/.test(id)) this.addWatchFile(id.replace(/\w+\.\w+$/, 'server.js'))
    return id.endsWith('.md') ? 'export default 1' : undefined
  },
}

test('what a plugin watches for a module is none of its imports, and no module when it is saved', async () => {
  const root = mkdtempSync(join(tmpdir(), 'evenkeel-modules-'))
  for (const [file, content] of Object.entries(files)) writeFileSync(join(root, file), content)
  const plugins = [watching]
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { middlewareMode: true, ws: false },
    plugins,
  })
  try {
    const { client } = server.environments
    for (const [url, imports] of [
      ['/main.js', ['/style.css', '/a.js', '/notes.md', '/later.js']],
      ['/style.css', []],
    ] as const) {
      await client.transformRequest(url)
      const node = await client.moduleGraph.getModuleByUrl(url)
      expect([...(node?.importedModules ?? [])].map(({ file }) => file)).toContain(join(root, 'server.js'))
      expect(node && importsOf(node)).toEqual(imports)
    }
    for (const [file, urls] of [
      ['main.js', ['/main.js']],
      ['style.css', ['/style.css']],
      ['a.js', ['/a.js']],
      ['notes.md', ['/notes.md']],
      ['later.js', ['/later.js']],
      // Watched for the script; the stylesheet's watching alone leads to nothing.
      ['server.js', ['/main.js']],
    ] as const) {
      const saved = client.moduleGraph.getModulesByFile(join(root, file)) ?? []
      expect([file, modulesOf([...saved]).map(({ url }) => url)]).toEqual([file, urls])
    }
  } finally {
    await server.close()
    rmSync(root, { recursive: true })
  }
})
