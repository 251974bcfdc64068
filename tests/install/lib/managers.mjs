// The package managers, each of the version that package.json pins, and each told to use one registry and caches of its own alone.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'

const packaged = (file) => fileURLToPath(new URL(`../node_modules/${file}`, import.meta.url))
const node = (file) => [process.execPath, packaged(file)]

/** `add` installs an app's development dependency, `install` what its manifest says, `exec` runs what a package brings. */
export const managers = {
  npm: {
    program: node('npm/bin/npm-cli.js'),
    agent: 'npm',
    add: ['install', '--save-dev'],
    install: ['install'],
    exec: ['exec', '--offline', '--'],
  },
  pnpm: { program: [packaged('pnpm/pnpm')], agent: 'pnpm', add: ['add', '--save-dev'], install: ['install'], exec: ['exec'] },
  'Yarn 1': {
    program: node('yarn/bin/yarn.js'),
    agent: 'yarn',
    add: ['add', '--dev'],
    install: ['install'],
    exec: ['--silent', 'run'],
  },
  'Yarn 4 with Plug\'n\'Play': {
    program: node('@yarnpkg/cli-dist/bin/yarn.js'),
    agent: 'yarn',
    add: ['add', '--dev'],
    install: ['install'],
    exec: ['run'],
  },
  bun: { program: [packaged('bun/bin/bun.exe')], agent: 'bun', add: ['add', '--dev'], install: ['install'], exec: ['run'] },
}

/** What makes an app use the registry, whoever looks for it there. */
export async function configure(root, registry, caches) {
  await mkdir(root, { recursive: true })
  const npmrc = [`registry=${registry.url}`, `cache=${caches}/npm`, `store-dir=${caches}/pnpm`, 'update-notifier=false']
  await writeFile(path.join(root, '.npmrc'), `${npmrc.join('\n')}\naudit=false\nfund=false\nfetch-retries=1\n`)
  const yarnrc = {
    npmRegistryServer: registry.url,
    unsafeHttpWhitelist: ['127.0.0.1'],
    globalFolder: `${caches}/yarn-4`,
    enableTelemetry: false,
    // What was published a moment ago is what is to be installed.
    npmMinimalAgeGate: 0,
  }
  await writeFile(path.join(root, '.yarnrc.yml'), JSON.stringify(yarnrc))
  await writeFile(path.join(root, '.yarnrc'), `registry "${registry.url}"\ncache-folder "${caches}/yarn-1"\n`)
}

/** What the environment of the tests must not decide. */
export const clean = (env = {}) => {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|YARN_|BUN_|EVENKEEL|NODE_OPTIONS)/i.test(name))
  const nodes = path.dirname(process.execPath)
  return { ...Object.fromEntries(inherited), PATH: `${nodes}${path.delimiter}${process.env.PATH}`, NO_COLOR: '1', CI: 'true', ...env }
}

export function ask(manager, root, args, { env, ...options } = {}) {
  const [program, ...before] = manager.program
  return run(program, [...before, ...args], { cwd: root, env: clean({ npm_config_registry: undefined, ...env }), ...options })
}
