// What the matrix lets Evenkeel say of the versions that it supports.
import { matrix } from './stacks.mjs'

export const lineOf = ({ vite }) => vite.split('.').slice(0, 2).join('.')

export const lines = [...new Set(matrix.stacks.map(lineOf))]

/** The range of `peerDependencies`: the lines of the matrix, and no other. */
export const peerRange = lines.map((line) => `~${line}.0`).join(' || ')

/** The table of the README. */
export function supportTable() {
  const rows = lines.map((line) => {
    const stacks = matrix.stacks.filter((stack) => lineOf(stack) === line)
    const vites = [...new Set(stacks.map(({ vite }) => vite))].join(', ')
    const whole = stacks.filter(({ cloudflare }) => cloudflare)
    return `| ${line} | ${vites} | ${whole.map(({ cloudflare, node }) => `${cloudflare} on Node ${node.join(' and ')}`).join('; ')} |`
  })
  return ['| Vite | tested | with `@cloudflare/vite-plugin` |', '| --- | --- | --- |', ...rows].join('\n')
}
