// Writes the npm packages as folders: `node stage.mjs FOLDER [PLATFORM=BINARY ...]`
// In a checkout the plugin depends on no platform package: what is not published yet could not be installed there.
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const plugin = path.join(root, 'clients/vite')
const json = (file) => JSON.parse(readFileSync(path.join(plugin, file), 'utf8'))
const manifest = json('package.json')
const platforms = Object.keys(json('platforms.json'))

const [folder, ...binaries] = process.argv.slice(2)
stagePlugin(path.join(folder, 'evenkeel'))
for (const argument of binaries) {
  const [platform, binary] = argument.split(/=(.*)/s)
  if (!platforms.includes(platform)) throw new Error(`${platform} is no platform: ${platforms.join(', ')}`)
  stagePlatform(path.join(folder, '@evenkeel', platform), platform, binary)
}

function stagePlugin(target) {
  const { scripts: _scripts, devDependencies: _devDependencies, ...published } = manifest
  const optionalDependencies = Object.fromEntries(platforms.map((name) => [`@evenkeel/${name}`, manifest.version]))
  write(target, { ...published, files: [...published.files, 'CHANGELOG.md'], optionalDependencies })
  cpSync(path.join(plugin, 'dist'), path.join(target, 'dist'), { recursive: true })
  copyFileSync(path.join(plugin, 'README.md'), path.join(target, 'README.md'))
  copyFileSync(path.join(root, 'CHANGELOG.md'), path.join(target, 'CHANGELOG.md'))
}

function stagePlatform(target, platform, binary) {
  const { version, license, homepage, repository, bugs } = manifest
  const [os, cpu] = platform.split('-')
  const executable = os === 'win32' ? 'evenkeel.exe' : 'evenkeel'
  const description = `The program of Evenkeel for ${platform}; the package evenkeel brings it along`
  write(target, {
    name: `@evenkeel/${platform}`,
    version,
    description,
    license,
    homepage,
    repository,
    bugs,
    os: [os],
    cpu: [cpu],
    files: ['bin'],
    // Yarn keeps packages in archives, out of which no program can be run.
    preferUnplugged: true,
  })
  writeFileSync(path.join(target, 'README.md'), `# @evenkeel/${platform}\n\n${description}.\n`)
  mkdirSync(path.join(target, 'bin'))
  copyFileSync(binary, path.join(target, 'bin', executable))
  chmodSync(path.join(target, 'bin', executable), 0o755)
}

function write(target, content) {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  writeFileSync(path.join(target, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
  copyFileSync(path.join(root, 'LICENSE'), path.join(target, 'LICENSE'))
}
