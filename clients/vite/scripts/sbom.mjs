// Writes what the plugin is made of, as CycloneDX has it: `node sbom.mjs FILE`
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const plugin = fileURLToPath(new URL('..', import.meta.url))
const { name, dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'library']
const materials = JSON.parse(
  execFileSync('npm', args, { cwd: plugin, encoding: 'utf8', shell: process.platform === 'win32' }),
)

// npm's own `--omit dev` also leaves out what a development dependency needs as well.
const isShipped = ({ properties }) => !properties.some(({ name }) => name === 'cdx:npm:package:development')
materials.components = materials.components.filter(isShipped)
for (const needed of Object.keys(dependencies))
  assert.ok(
    materials.components.some(({ name }) => name === needed),
    `${needed} is missing`,
  )

const root = materials.metadata.component
const kept = new Set([root, ...materials.components].map((component) => component['bom-ref']))
materials.dependencies = materials.dependencies
  .filter(({ ref }) => kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }))
// npm calls a package as its folder is called.
root.name = name

writeFileSync(process.argv[2], `${JSON.stringify(materials, null, 2)}\n`)
