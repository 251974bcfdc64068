// Writes SHA256SUMS for the files of a folder, as `sha256sum --check` reads it.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const [folder] = process.argv.slice(2)
const file = path.join(folder, 'SHA256SUMS')
const names = readdirSync(folder, { withFileTypes: true }).filter(
  (entry) => entry.isFile() && entry.name !== 'SHA256SUMS',
)
const line = ({ name }) =>
  `${createHash('sha256')
    .update(readFileSync(path.join(folder, name)))
    .digest('hex')}  ${name}\n`
writeFileSync(
  file,
  names
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(line)
    .join(''),
)
